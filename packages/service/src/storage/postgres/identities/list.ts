import { decodeCursor, page } from "../../cursor.ts";
import { fold } from "../../rules/fold.ts";
import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { facesOf } from "../faces.ts";
import { storable } from "../text.ts";
import { IDENTITIES, IDENTITY_COLUMNS, identityRecord, type IdentityRow } from "./record.ts";

/** Newest first, along identities_page; an external id is looked up in identities_external. */
export function createList({ read, collectionRow }: Context): Storage["identities"]["list"] {
  return async (key, { externalId, metadata = {}, text }, { limit, cursor }) => {
    const position = decodeCursor(cursor);
    const values: (string | number)[] = [];
    const place = (value: string | number) => `$${values.push(value)}`;
    const conditions = [
      `i.collection = ${place(await collectionRow(key))}`,
      `(i.created_at, i.id) < (${place(position.createdAt)}, ${place(storable(position.id))})`,
    ];
    if (externalId !== undefined) conditions.push(`i.external_id = ${place(storable(externalId))}`);
    if (text) conditions.push(`strpos(i.folded, ${place(storable(fold(text)))}) > 0`);
    for (const [key, value] of Object.entries(metadata)) {
      // ->> gives a value as text, and nested ones as JSON.
      conditions.push(`i.metadata ->> ${place(storable(key))}::text = ${place(storable(value))}`);
    }
    const rows = await read<IdentityRow>(
      `SELECT ${IDENTITY_COLUMNS} FROM ${IDENTITIES} WHERE ${conditions.join(" AND ")}
       ORDER BY i.created_at DESC, i.id DESC LIMIT ${place(limit + 1)}`,
      values,
    );
    const faces = await facesOf(
      read,
      rows.map(({ row }) => row),
    );
    return page(
      rows.map((row) => identityRecord(row, faces.get(row.row) ?? [])),
      limit,
    );
  };
}
