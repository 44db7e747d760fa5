import * as v from "valibot";

/** A score on the contract's 0..1 trust scale: 0.95 and above is recognised, above 0.85 is listed. */
export const Score = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** From this score a comparison is a recognition, and above the other a search lists it (the documented API's thresholds). */
export const RECOGNIZED_SCORE = 0.95;
export const LISTED_SCORE = 0.85;

/** `match` from the score of a recognition on, 0.95; `possible` above the listed one, 0.85; else `unknown`. */
export const Decision = v.picklist(["match", "possible", "unknown"]);
export type Decision = v.InferOutput<typeof Decision>;
