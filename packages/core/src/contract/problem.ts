import * as v from "valibot";

/**
 * The body of every error answer: exactly these three keys, and always JSON.
 * One published client loses the message when there are more; two need all three.
 * The request id travels in the `x-request-id` header instead.
 */
export const Problem = v.object({
  /** The HTTP status code, repeated. */
  statusCode: v.pipe(v.number(), v.integer()),
  /** The reason phrase of the status code, e.g. `Bad Request`. */
  error: v.string(),
  /** What is wrong and what to do about it, for a person. */
  message: v.string(),
});
export type Problem = v.InferOutput<typeof Problem>;
