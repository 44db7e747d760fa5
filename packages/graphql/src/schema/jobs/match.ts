import type { FieldMap } from "@pothos/core";
import { builder } from "../../builder.ts";
import { Face } from "../face.ts";
import { findIdentity, Identity } from "../identity.ts";

/** A person beside a photo; a server with only the documented routes tells of no cosine and no face. */
export interface Match {
  identity_id: string;
  score: number;
  cosine?: number;
  face_id?: string;
}

type Fields<M extends Match> = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, M>;

/** What is told of a person beside a photo, whatever was asked. */
export const matchFields = <M extends Match>(t: Fields<M>): FieldMap => ({
  identityId: t.string({ resolve: (match) => match.identity_id }),
  identity: t.field({
    type: Identity,
    nullable: true,
    description: "Null when deleted since.",
    resolve: (match, _, context) => findIdentity(match.identity_id, context),
  }),
  score: t.float({
    description: "0 to 1 on the contract's trust scale.",
    resolve: (match) => match.score,
  }),
  cosine: t.float({
    nullable: true,
    description: "Raw similarity, -1 to 1.",
    resolve: (match) => match.cosine,
  }),
  face: t.field({
    type: Face,
    nullable: true,
    description: "The enrolled face that was nearest.",
    // Part of the identity's record, so it costs no call of its own.
    resolve: async (match, _, context) => {
      const identity = match.face_id === undefined ? null : await findIdentity(match.identity_id, context);
      return identity?.faces.find((face) => face.face_id === match.face_id);
    },
  }),
});
