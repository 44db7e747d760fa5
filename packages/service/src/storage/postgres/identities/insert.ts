import { foldForSearch } from "../../rules/fold.ts";
import type { Transaction } from "../database.ts";
import { storable, toJson } from "../text.ts";

interface NewIdentity {
  account: number;
  collection: number;
  id: string;
  externalId: string | undefined;
  metadata: Record<string, unknown>;
  now: number;
}

/** The row; undefined when another identity of the collection has the external id. */
export async function insertIdentity(
  { query }: Transaction,
  { account, collection, id, externalId, metadata, now }: NewIdentity,
): Promise<number | undefined> {
  const [inserted] = await query<{ row: number }>(
    `INSERT INTO identities (account, collection, id, external_id, metadata, folded, created_at, updated_at) VALUES ($1, $7, $2, $3, $4, $5, $6, $6)
     ON CONFLICT (collection, external_id) WHERE external_id IS NOT NULL DO NOTHING RETURNING row`,
    [
      account,
      id,
      externalId === undefined ? null : storable(externalId),
      toJson(metadata),
      storable(foldForSearch(externalId, metadata)),
      now,
      collection,
    ],
  );
  return inserted?.row;
}
