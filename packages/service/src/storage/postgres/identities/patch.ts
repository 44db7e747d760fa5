import { foldForSearch } from "../../rules/fold.ts";
import { type Storage, StorageError } from "../../types.ts";
import type { Context } from "../context.ts";
import { facesOf } from "../faces.ts";
import { isUniqueViolation } from "../faults.ts";
import { storable, toJson } from "../text.ts";
import { IDENTITIES, IDENTITY_COLUMNS, identityRecord, type IdentityRow } from "./record.ts";

export function createPatch({ accountRow, transaction }: Context): Storage["identities"]["patch"] {
  return async (accountId, identityId, patch, now) => {
    const account = await accountRow(accountId);
    try {
      return await transaction(
        async ({ query }) => {
          const [row] = await query<IdentityRow>(
            `SELECT ${IDENTITY_COLUMNS} FROM ${IDENTITIES} WHERE i.id = $1 AND i.account = $2 FOR NO KEY UPDATE OF i`,
            [storable(identityId), account],
          );
          if (!row) return undefined;
          const externalId = patch.externalId === undefined ? row.external_id : patch.externalId;
          const merged = { ...row.metadata, ...patch.metadata };
          const metadata = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
          // identities_external refuses one that is taken.
          await query(
            "UPDATE identities SET external_id = $2, metadata = $3, folded = $4, updated_at = $5 WHERE row = $1",
            [
              row.row,
              externalId === null ? null : storable(externalId),
              toJson(metadata),
              storable(foldForSearch(externalId, metadata)),
              now,
            ],
          );
          const after = { ...row, external_id: externalId, metadata, updated_at: now };
          return identityRecord(after, (await facesOf(query, [row.row])).get(row.row) ?? []);
        },
        { repeatable: true },
      );
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new StorageError(
        "conflict",
        "This external id already belongs to another identity of the collection.",
        { cause: error },
      );
    }
  };
}
