import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { FaceWriter } from "../faces.ts";
import type { ForgetIdentity } from "../jobs/forget.ts";
import { blobInUse } from "../uploads.ts";

export function createDelete(
  { db, accountRow, transaction }: Context,
  faces: FaceWriter,
  forget: ForgetIdentity,
): Storage["identities"]["delete"] {
  const rowOf = db
    .prepare<[string, number], number>("SELECT row FROM identities WHERE id = ? AND account = ?")
    .pluck();
  // faces_identity
  const slotsOf = db.prepare<[number], number>("SELECT slot FROM faces WHERE identity = ?").pluck();
  const drop = db.prepare("DELETE FROM identities WHERE row = ?");
  const inUse = blobInUse(db);

  return async (accountId, identityIds, now) =>
    transaction(() => {
      const account = accountRow(accountId) ?? -1;
      const found = [...new Set(identityIds)].map((id) => ({ id, row: rowOf.get(id, account), account }));
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
}
