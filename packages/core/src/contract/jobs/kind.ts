import type * as v from "valibot";
import type { DocumentedAnswer } from "./documented.ts";

/**
 * What both sides of the wire know of a kind of job: the one place that names it. `jobs/index.ts` lists them, and all else follows
 * from the list.
 */
export interface KindOfJob<Kind extends string, Result extends v.GenericSchema> {
  kind: Kind;
  /** It changes nothing, and somebody waits for the answer: it goes before what only has to be done. */
  lookup: boolean;
  /**
   * Whose people it is about; absent for a kind that compares with nobody. `collection`: those of the collection that the form
   * names, else of `default`. `identity`: that of the identity that the form names, which must be in the collection if it names one.
   */
  scope?: "collection" | "identity";
  /** At most so many images, and at least one, or `leastImages`. */
  images: number;
  leastImages?: number;
  result: Result;
  /** How our own API starts it: `POST path`, with its images and these fields of the form. */
  start?: { path: `/v1/${string}`; fields: v.ObjectSchema<v.ObjectEntries, undefined> };
  /** The documented route that tells its state. */
  documented?: Documented<v.InferOutput<Result>>;
}

interface Documented<Result> {
  path: string;
  /** What that route answers. */
  answer: v.GenericSchema<unknown, DocumentedAnswer>;
  /** Its `results`. @param listed the score that a result must be above to be listed */
  results?(result: Result, listed: number): DocumentedAnswer["results"];
}
