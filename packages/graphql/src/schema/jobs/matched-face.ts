import type { Context } from "../../context.ts";
import { findIdentity } from "../identity.ts";

/** The enrolled face that was nearest: part of the identity's record, so it costs no call of its own. */
export async function matchedFace(match: { identity_id: string; face_id?: string }, context: Context) {
  const identity = match.face_id === undefined ? null : await findIdentity(match.identity_id, context);
  return identity?.faces.find((face) => face.face_id === match.face_id);
}
