import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { FaceReader, FaceWriter } from "../faces.ts";
import type { ForgetIdentity } from "../jobs/forget.ts";
import type { ForgetMentions } from "../jobs/mentions.ts";
import { createDelete } from "./delete.ts";
import { createList } from "./list.ts";
import { createMatching } from "./matching.ts";
import { createPatch } from "./patch.ts";
import { IDENTITIES, IDENTITY_COLUMNS, identityRecord, type IdentityRow } from "./record.ts";

export function createIdentities(
  context: Context,
  faces: FaceReader & FaceWriter,
  forget: ForgetIdentity,
  forgetMentions: ForgetMentions,
): Storage["identities"] {
  const { db, accountRow } = context;
  const byId = db.prepare<[string, number], IdentityRow>(
    `SELECT ${IDENTITY_COLUMNS} FROM ${IDENTITIES} WHERE i.id = ? AND i.account = ?`,
  );
  // Kept by triggers: counting 100,000 would hold the event loop for some milliseconds, at every socket that is opened.
  const count = db.prepare<[string], { identities: number; faces: number }>(
    "SELECT identities, faces FROM accounts WHERE id = ?",
  );

  return {
    async get(accountId, identityId) {
      const row = byId.get(identityId, accountRow(accountId) ?? -1);
      return row && identityRecord(row, faces.ofIdentities([row.row]).get(row.row) ?? []);
    },
    async getMany(accountId, identityIds) {
      const account = accountRow(accountId) ?? -1;
      const rows = identityIds.map((id) => byId.get(id, account)).filter((row) => row !== undefined);
      const byIdentity = faces.ofIdentities(rows.map(({ row }) => row));
      return rows.map((row) => identityRecord(row, byIdentity.get(row.row) ?? []));
    },
    list: createList(context, faces),
    async count(accountId) {
      return count.get(accountId) ?? { identities: 0, faces: 0 };
    },
    patch: createPatch(context, faces),
    delete: createDelete(context, faces, forget, forgetMentions),
    ...createMatching(context),
  };
}
