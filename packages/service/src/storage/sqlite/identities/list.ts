import { decodeCursor, page, type Position } from "../../cursor.ts";
import { fold } from "../../rules/fold.ts";
import type { IdentityFilter, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { FaceReader } from "../faces.ts";
import { walk } from "../walk.ts";
import { IDENTITIES, IDENTITY_COLUMNS, identityRecord, type IdentityRow } from "./record.ts";

/** A value of the metadata as text; nested values as JSON. */
const VALUE_AS_TEXT = `CASE m.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(m.value AS TEXT) END`;

/** Identities of one step: where the index tells all, and where metadata of up to 16 KiB is parsed, at 7 to 100 microseconds each. */
const STEP = { index: 4_000, metadata: 200 };

/** Newest first, along identities_text; an external id is looked up in identities_external. */
export function createList({ db, collectionRow }: Context, faces: FaceReader): Storage["identities"]["list"] {
  const ahead = db.prepare<[number, number, string, number], Position>(
    `SELECT created_at AS createdAt, id FROM identities WHERE collection = ? AND (created_at, id) < (?, ?)
     ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?`,
  );

  return async (key, filter, { limit, cursor }) => {
    const collection = collectionRow(key) ?? -1;
    const { sql, values } = conditions(filter);
    const { externalId, metadata } = filter;
    const select = db.prepare<(string | number)[], IdentityRow>(
      `SELECT ${IDENTITY_COLUMNS} FROM ${IDENTITIES} WHERE i.collection = ? AND (i.created_at, i.id) < (?, ?)
         AND ${externalId === undefined ? "(i.created_at, i.id) >= (?, ?)" : "i.external_id = ?"} ${sql}
       ORDER BY i.created_at DESC, i.id DESC LIMIT ?`,
    );
    const read = (from: Position, other: (string | number)[], most: number) => {
      const rows = select.all(collection, from.createdAt, from.id, ...other, ...values, most);
      const byIdentity = faces.ofIdentities(rows.map(({ row }) => row));
      return rows.map((row) => identityRecord(row, byIdentity.get(row.row) ?? []));
    };
    const start = decodeCursor(cursor);
    if (externalId !== undefined) return page(read(start, [externalId], limit + 1), limit);
    if (sql === "") return page(read(start, [-1, ""], limit + 1), limit);
    return walk(
      {
        step: metadata ? STEP.metadata : STEP.index,
        ahead: (from, n) => ahead.get(collection, from.createdAt, from.id, n - 1),
        passing: (from, to, most) => read(from, to ? [to.createdAt, to.id] : [-1, ""], most),
      },
      start,
      limit,
    );
  };
}

function conditions({ metadata = {}, text }: IdentityFilter): { sql: string; values: string[] } {
  const values: string[] = [];
  let sql = "";
  if (text) {
    sql += " AND instr(i.folded, ?) > 0";
    values.push(fold(text));
  }
  for (const [key, value] of Object.entries(metadata)) {
    sql += ` AND EXISTS (SELECT 1 FROM json_each(i.metadata) m WHERE m.key = ? AND ${VALUE_AS_TEXT} = ?)`;
    values.push(key, value);
  }
  return { sql, values };
}
