import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Erasure } from "../erasure/erasure.ts";
import type { Events } from "../events.ts";
import { facesOf } from "../faces.ts";
import type { Matching } from "../matching/matching.ts";
import { storable } from "../text.ts";
import { createDelete } from "./delete.ts";
import { createList } from "./list.ts";
import { createPatch } from "./patch.ts";
import { IDENTITIES, IDENTITY_COLUMNS, identityRecord, type IdentityRow } from "./record.ts";

export function createIdentities(
  context: Context,
  events: Events,
  erasure: Erasure,
  matching: Matching,
): Storage["identities"] {
  const { read, accountRow } = context;

  async function getMany(accountId: string, identityIds: string[]) {
    const rows = await read<IdentityRow>(
      `SELECT ${IDENTITY_COLUMNS} FROM ${IDENTITIES} WHERE i.account = $1 AND i.id = ANY ($2::text[])`,
      [await accountRow(accountId), identityIds.map(storable)],
    );
    const faces = await facesOf(
      read,
      rows.map(({ row }) => row),
    );
    const byId = new Map(rows.map((row) => [row.id, identityRecord(row, faces.get(row.row) ?? [])]));
    return identityIds.flatMap((id) => byId.get(id) ?? []);
  }

  return {
    get: async (accountId, identityId) => (await getMany(accountId, [identityId]))[0],
    getMany,
    list: createList(context),
    async count(accountId) {
      const [row] = await read<{ identities: number; faces: number }>(
        "SELECT identities, faces FROM account_heads WHERE account = $1",
        [await accountRow(accountId)],
      );
      return row ?? { identities: 0, faces: 0 };
    },
    patch: createPatch(context),
    delete: createDelete(context, events, erasure),
    nearest: matching.nearest,
    compare: matching.compare,
  };
}
