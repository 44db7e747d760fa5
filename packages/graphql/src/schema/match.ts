import type { Candidate } from "@prosopon/core/contract";
import { builder } from "../builder.ts";
import type { Context } from "../context.ts";
import { Face } from "./face.ts";
import { findIdentity, Identity } from "./identity.ts";

/** The documented API lists what is above this and recognises from the other on (docs/protocol.md). */
export const LISTED_SCORE = 0.85;
const RECOGNIZED_SCORE = 0.95;

export type MatchView = Pick<Candidate, "identity_id" | "score"> & Partial<Candidate>;

/** The enrolled face that was nearest: part of the identity's record, so it costs no call of its own. */
async function matchedFace(match: { identity_id: string; face_id?: string }, context: Context) {
  const identity = match.face_id === undefined ? null : await findIdentity(match.identity_id, context);
  return identity?.faces.find((face) => face.face_id === match.face_id);
}

export const SearchMatch = builder.objectRef<MatchView>("SearchMatch").implement({
  description: "A person that a search found.",
  fields: (t) => ({
    identityId: t.exposeString("identity_id"),
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "Null when deleted since.",
      resolve: (match, _, context) => findIdentity(match.identity_id, context),
    }),
    score: t.exposeFloat("score", { description: "0 to 1 on the contract's trust scale." }),
    cosine: t.float({
      nullable: true,
      description: "Raw similarity, -1 to 1.",
      resolve: (match) => match.cosine,
    }),
    margin: t.float({
      nullable: true,
      description: "This score minus the next one's.",
      resolve: (match) => match.margin,
    }),
    face: t.field({
      type: Face,
      nullable: true,
      description: "The enrolled face that was nearest.",
      resolve: (match, _, context) => matchedFace(match, context),
    }),
    listed: t.boolean({
      description: "score > 0.85: the documented API lists it.",
      resolve: (match) => match.score > LISTED_SCORE,
    }),
    recognized: t.boolean({
      description: "score >= 0.95: the documented API calls it recognised.",
      resolve: (match) => match.score >= RECOGNIZED_SCORE,
    }),
  }),
});

export interface RecognitionView {
  identity_id: string;
  score: number;
  recognition: boolean;
  cosine?: number;
  face_id?: string;
}

export const RecognitionMatch = builder.objectRef<RecognitionView>("RecognitionMatch").implement({
  description: "How much a photo resembles one person.",
  fields: (t) => ({
    identityId: t.exposeString("identity_id"),
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "Null when deleted since.",
      resolve: (match, _, context) => findIdentity(match.identity_id, context),
    }),
    score: t.exposeFloat("score", { description: "0 to 1 on the contract's trust scale." }),
    cosine: t.float({
      nullable: true,
      description: "Raw similarity, -1 to 1.",
      resolve: (match) => match.cosine,
    }),
    face: t.field({
      type: Face,
      nullable: true,
      description: "The enrolled face that was nearest.",
      resolve: (match, _, context) => matchedFace(match, context),
    }),
    recognized: t.exposeBoolean("recognition", { description: "score >= 0.95." }),
  }),
});
