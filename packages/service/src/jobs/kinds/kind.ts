import type { JobKind } from "@prosopon/core/contract";
import type { JobInHand, JobOutcome, Storage } from "../../storage/types.ts";
import type { Scale } from "../../matching/scale.ts";
import type { ImageTools } from "../analyse-images.ts";
import type { Form } from "./form.ts";

/** What the work of a job is done with. */
export interface Tools extends ImageTools {
  storage: Storage;
  /** What cosines by the engine's recogniser mean. */
  scale: Scale;
}

/** A kind of job: what a request tells it, and what is done. The list of kinds is in `index.ts`; what both sides of the wire know of it, in the contract. */
export interface Kind<Payload extends object = object> {
  kind: JobKind;
  /** What a caller gets of it, in one line. */
  summary: string;
  form: Form<Payload>;
  /** Does the work and says what to write; writes nothing itself, so that a job that runs twice has its effect once. @throws JobFault */
  run(tools: Tools, job: JobInHand, payload: Payload, signal: AbortSignal): Promise<JobOutcome>;
}
