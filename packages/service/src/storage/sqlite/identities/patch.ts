import { type Storage, StorageError } from "../../types.ts";
import type { Context } from "../context.ts";
import type { FaceReader } from "../faces.ts";
import { foldForSearch } from "../../rules/fold.ts";
import { IDENTITIES, IDENTITY_COLUMNS, identityRecord, type IdentityRow } from "./record.ts";

export function createPatch(
  { db, accountRow, transaction }: Context,
  faces: FaceReader,
): Storage["identities"]["patch"] {
  const byId = db.prepare<[string, number], IdentityRow>(
    `SELECT ${IDENTITY_COLUMNS} FROM ${IDENTITIES} WHERE i.id = ? AND i.account = ?`,
  );
  // identities_external
  const holder = db
    .prepare<[number, string], number>("SELECT row FROM identities WHERE collection = ? AND external_id = ?")
    .pluck();
  const update = db.prepare(
    "UPDATE identities SET external_id = ?, metadata = ?, folded = ?, updated_at = ? WHERE row = ?",
  );

  return async (accountId, identityId, patch, now) =>
    transaction(() => {
      const account = accountRow(accountId) ?? -1;
      const row = byId.get(identityId, account);
      if (!row) return undefined;
      const externalId = patch.externalId === undefined ? row.external_id : patch.externalId;
      if (externalId !== null && (holder.get(row.collection, externalId) ?? row.row) !== row.row) {
        throw new StorageError(
          "conflict",
          "This external id already belongs to another identity of the collection.",
        );
      }
      const merged = { ...JSON.parse(row.metadata), ...patch.metadata };
      const metadata = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
      const text = JSON.stringify(metadata);
      update.run(externalId, text, foldForSearch(externalId, metadata), now, row.row);
      const after = { ...row, external_id: externalId, metadata: text, updated_at: now };
      return identityRecord(after, faces.ofIdentities([row.row]).get(row.row) ?? []);
    });
}
