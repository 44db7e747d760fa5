import * as v from "valibot";
import { Score } from "./score.ts";
import type { AcceptedJobStatus } from "./status.ts";

export const SearchMatch = v.object({ identity_id: v.string(), score: Score });
export type SearchMatch = v.InferOutput<typeof SearchMatch>;

export const RecognitionResult = v.object({
  identity_id: v.string(),
  score: Score,
  /** True iff score >= 0.95. */
  recognition: v.boolean(),
});
export type RecognitionResult = v.InferOutput<typeof RecognitionResult>;

/** An answer of a documented route, whichever it is. Keys are absent until they exist. */
export interface DocumentedAnswer {
  status: AcceptedJobStatus;
  identity_id?: string | undefined;
  results?: SearchMatch[] | RecognitionResult | undefined;
  error?: string | undefined;
}
