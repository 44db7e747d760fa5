import type { SearchResult } from "@prosopon/core/contract";
import { isClear } from "@prosopon/engine";
import { InputError } from "../../errors/input-error.ts";
import { analysePrincipals, seenImages } from "../analyse-images.ts";
import { collectionOf } from "../collection.ts";
import { candidatesOf } from "../../matching/candidates.ts";
import type { Fields } from "./form.ts";
import type { Kind } from "./kind.ts";

/** Documented: the default, and the most. */
const MAX_RESULT = 10;

/** The people whose faces are nearest: exact, best first, not cut at a threshold, which the documented route does when it answers. */
export const search: Kind<{ maxResult: number }> = {
  kind: "search",
  summary: "Find the people whose faces are nearest",
  form: { fields: { max_result: "integer" }, read: (fields) => ({ maxResult: readMaxResult(fields) }) },

  async run({ storage, scale, ...tools }, job, { maxResult }, signal) {
    const images = await analysePrincipals(tools, job, { crop: false, signal });
    const { face } = images[0]!;
    const { faces, ...collection } = await collectionOf(storage, job);
    const nearest = await storage.identities.nearest(collection, face.embedding, maxResult + 1);
    const candidates = candidatesOf(nearest, maxResult, scale.among(faces), isClear(face));
    return { type: "answered", result: { images: seenImages(images), candidates } satisfies SearchResult };
  },
};

function readMaxResult(fields: Fields): number {
  const text = fields.text("max_result")?.trim() || String(MAX_RESULT);
  if (!/^\+?\d{1,15}$/.test(text) || Number(text) < 1)
    throw new InputError(
      `max_result must be a whole number from 1; over ${MAX_RESULT} counts as ${MAX_RESULT}`,
    );
  return Math.min(Number(text), MAX_RESULT);
}
