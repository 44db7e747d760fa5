import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { decodeCursor, page } from "../../cursor.ts";
import type { FaceReader } from "../faces.ts";
import { fold } from "../../fold.ts";
import { IDENTITY_COLUMNS, identityRecord, type IdentityRow } from "./record.ts";

/** A value of the metadata as text; nested values as JSON. */
const VALUE_AS_TEXT = `CASE m.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(m.value AS TEXT) END`;

/** Newest first, along identities_page; an external id is looked up in identities_external. */
export function createList({ db, accountRow }: Context, faces: FaceReader): Storage["identities"]["list"] {
  return async (accountId, { externalId, metadata = {}, text }, { limit, cursor }) => {
    const position = decodeCursor(cursor);
    const conditions = ["i.account = ?", "(i.created_at, i.id) < (?, ?)"];
    const values: (string | number)[] = [accountRow(accountId) ?? -1, position.createdAt, position.id];
    if (externalId !== undefined) {
      conditions.push("i.external_id = ?");
      values.push(externalId);
    }
    if (text) {
      conditions.push("instr(i.folded, ?) > 0");
      values.push(fold(text));
    }
    for (const [key, value] of Object.entries(metadata)) {
      conditions.push(
        `EXISTS (SELECT 1 FROM json_each(i.metadata) m WHERE m.key = ? AND ${VALUE_AS_TEXT} = ?)`,
      );
      values.push(key, value);
    }
    const rows = db
      .prepare<(string | number)[], IdentityRow>(
        `SELECT ${IDENTITY_COLUMNS} FROM identities i WHERE ${conditions.join(" AND ")}
         ORDER BY i.created_at DESC, i.id DESC LIMIT ?`,
      )
      .all(...values, limit + 1);
    const byIdentity = faces.ofIdentities(rows.map(({ row }) => row));
    return page(
      rows.map((row) => identityRecord(row, byIdentity.get(row.row) ?? [])),
      limit,
    );
  };
}
