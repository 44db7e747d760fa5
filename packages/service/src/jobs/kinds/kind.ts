import type { JobKind } from "@prosopon/core/contract";
import type { Deps } from "../../deps.ts";
import type { Call } from "../../http/call.ts";
import type { Form } from "../../http/form.ts";
import type { ClaimedJob, JobOutcome } from "../../storage/types.ts";

/** What the work of a job is done with. */
export type Tools = Pick<Deps, "storage" | "blobs" | "engine">;

/** A field of a form: one image, up to as many as the kind takes, or text. */
export type Field = "text" | "image" | "images" | "integer";

/** A route that starts a job. */
export interface Start<Payload> {
  method: "POST" | "PUT";
  path: string;
  api: "documented" | "own";
  summary: string;
  /** Fields of its form, for the OpenAPI document. */
  form: Record<string, Field>;
  /** Statuses that it refuses with, beyond those of every upload. */
  problems?: number[];
  /** What the form says beside its images. @throws HttpProblem */
  read(call: Call, form: Form): Promise<Payload> | Payload;
}

/** A documented route that tells a job's state. */
export interface Status {
  path: string;
  summary: string;
  /** The answer's name in the OpenAPI document. */
  schema: string;
}

/** A kind of job: how a request starts one, and what is done. The list of kinds is in `index.ts`; what both sides of the wire know of it, in the contract. */
export interface Kind<Payload extends object = object> {
  kind: JobKind;
  starts: readonly Start<Payload>[];
  /** Kinds may share one. */
  statuses?: readonly Status[];
  /** Does the work and says what to write; writes nothing itself, so that a job that runs twice has its effect once. @throws JobFault */
  run(tools: Tools, job: ClaimedJob, payload: Payload, signal: AbortSignal): Promise<JobOutcome>;
}
