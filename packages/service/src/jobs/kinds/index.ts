import type { JobKind } from "@prosopon/core/contract";
import { addImages } from "./add-images.ts";
import { compare } from "./compare.ts";
import { detect } from "./detect.ts";
import { enrol } from "./enrol.ts";
import { identify } from "./identify.ts";
import type { Kind } from "./kind.ts";
import { recognize } from "./recognize.ts";
import { search } from "./search.ts";

export const kinds: Record<JobKind, Kind> = {
  enrol,
  "add-images": addImages,
  search,
  recognize,
  detect,
  compare,
  identify,
};
