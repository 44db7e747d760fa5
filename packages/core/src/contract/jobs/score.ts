import * as v from "valibot";

/** A score on the contract's 0..1 trust scale: 0.95 and above is recognised, above 0.85 is listed. */
export const Score = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
