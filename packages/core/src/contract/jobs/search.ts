import * as v from "valibot";
import { SearchMatch } from "./documented.ts";
import { inCollection } from "./in-collection.ts";
import type { KindOfJob } from "./kind.ts";
import { Decision, Score } from "./score.ts";
import { SeenImage } from "./seen.ts";
import { AcceptedJobStatus } from "./status.ts";
import { wholeNumber } from "./whole-number.ts";

/** `GET /innovation-service/identity/search?job_id=`: best first, only scores above 0.85, may be empty. */
export const SearchAnswer = v.object({
  status: AcceptedJobStatus,
  results: v.optional(v.array(SearchMatch)),
  error: v.optional(v.string()),
});
export type SearchAnswer = v.InferOutput<typeof SearchAnswer>;

/** A candidate of a search, whatever its score, so that a caller may draw its own line. */
export const Candidate = v.object({
  identity_id: v.string(),
  /** The enrolled face that was nearest. */
  face_id: v.string(),
  decision: Decision,
  /** What it says of the cosine depends on how many faces the gallery has: 0.95 stands where a stranger is named in one of 100 searches. */
  score: Score,
  /** Raw cosine similarity of the two embeddings, -1..1. */
  cosine: v.number(),
  /** Expected false-positive identification rate, 0..1: how often somebody who is not enrolled comes so near to anybody of this gallery. */
  fpir: v.number(),
  /** This score minus the next candidate's (0..1); absent for the last one. */
  margin: v.optional(v.number()),
});
export type Candidate = v.InferOutput<typeof Candidate>;

export const SearchResult = v.object({
  images: v.array(SeenImage),
  /** The nearest identities, best first, not cut at a threshold. */
  candidates: v.array(Candidate),
});
export type SearchResult = v.InferOutput<typeof SearchResult>;

/** A photo, and the people whom it resembles. */
export const search = {
  kind: "search",
  scope: "collection",
  lookup: true,
  images: 1,
  result: SearchResult,
  start: {
    path: "/v1/search",
    fields: v.object({ ...inCollection, max_result: v.optional(wholeNumber(1, 10), 10) }),
  },
  documented: {
    path: "/innovation-service/identity/search",
    answer: SearchAnswer,
    results: ({ candidates }: SearchResult, listed: number): SearchMatch[] =>
      candidates
        .filter(({ score }) => score > listed)
        .map(({ identity_id, score }) => ({ identity_id, score })),
  },
} as const satisfies KindOfJob<"search", typeof SearchResult>;
