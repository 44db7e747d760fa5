import { nextTurn } from "../../../turns.ts";
import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { FaceWriter } from "../faces.ts";
import type { ForgetIdentity } from "../jobs/forget.ts";
import type { ForgetMentions } from "../jobs/mentions.ts";
import { blobInUse } from "../uploads.ts";

export function createDelete(
  { db, accountRow, transaction }: Context,
  faces: FaceWriter,
  forget: ForgetIdentity,
  forgetMentions: ForgetMentions,
): Storage["identities"]["delete"] {
  const rowOf = db
    .prepare<[string, number], number>("SELECT row FROM identities WHERE id = ? AND account = ?")
    .pluck();
  // faces_identity
  const slotsOf = db.prepare<[number], number>("SELECT slot FROM faces WHERE identity = ?").pluck();
  const drop = db.prepare("DELETE FROM identities WHERE row = ?");
  const inUse = blobInUse(db);

  return async (accountId, identityIds, now) => {
    const account = accountRow(accountId) ?? -1;
    const wanted = [...new Set(identityIds)];
    const rows = () => wanted.map((id) => ({ id, row: rowOf.get(id, account), account }));
    const there = rows().flatMap(({ id, row }) => (row === undefined ? [] : [{ id, row }]));
    // In a small gallery every search of a week names everyone: most are forgotten before, with turns for others in between.
    if (there.length === wanted.length)
      for (const identity of there) while (transaction(() => forgetMentions(identity))) await nextTurn();
    return transaction(() => {
      const found = rows();
      const missing = found.filter(({ row }) => row === undefined).map(({ id }) => id);
      if (missing.length > 0) return { deleted: false, missing, blobIds: [] };

      const identities = found.map((identity) => ({ ...identity, row: identity.row! }));
      const freed = new Set<string>();
      faces.erase(
        account,
        identities.flatMap(({ row }) => slotsOf.all(row)),
      );
      for (const identity of identities) {
        for (const blobId of forget(identity, now)) freed.add(blobId);
        drop.run(identity.row);
      }
      return { deleted: true, missing: [], blobIds: [...freed].filter((blobId) => !inUse(blobId)) };
    });
  };
}
