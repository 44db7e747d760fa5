import { openCrop, sealCrop } from "../postgres/crops.ts";
import { type Column, columns, fromPostgres, type Row, selected } from "./columns.ts";
import type { Copy } from "./copy.ts";

/** What is moved, checked and told as one. */
export interface Table {
  /** Of the table in PostgreSQL, and in the report. */
  name: string;
  /** The key first. */
  columns: Column[];
  /** How many columns are the key: rows are read in its order, and a transfer goes on behind the last that was moved. */
  key: number;
  /** FROM in SQLite. */
  from: string;
  /** Rows in one transaction: some megabytes. */
  batch: number;
  /** Where PostgreSQL keeps it otherwise than in a table of these columns. */
  stored?: Stored;
}

interface Stored {
  copies(rows: readonly Row[]): Copy[];
  /** Columns and FROM; with the key under its name. */
  select: string;
  from: string;
  row(values: unknown[]): Row;
}

/** In the order in which they are moved: what is referred to goes first. Rows keep their numbers, so references hold as they are. */
export const tables: readonly Table[] = [
  {
    name: "secrets",
    columns: columns("name text", "bytes bytea"),
    key: 1,
    from: "secrets",
    batch: 1_000,
  },
  {
    name: "accounts",
    columns: columns(
      "row int4",
      "id text",
      "client_id text",
      "name text",
      "secret_hash text",
      "disabled bool",
      "created_at int8",
    ),
    key: 1,
    from: "accounts",
    batch: 2_000,
  },
  {
    name: "account_heads",
    columns: columns(
      "account int4 row",
      "seq int8 event_seq",
      "swept int8 event_swept",
      "lookup_turn int8",
      "import_turn int8",
      "unfinished_jobs int8",
      "pending_bytes int8",
      "identities int8",
      "faces int8",
    ),
    key: 1,
    from: "accounts",
    batch: 10_000,
  },
  {
    name: "recognisers",
    columns: columns("row int2", "id text", "dimension int4"),
    key: 1,
    from: "recognisers",
    batch: 100,
  },
  {
    name: "collections",
    columns: columns(
      "row int4",
      "account int4",
      "id text",
      "name text",
      "settings json",
      "created_at int8",
      "updated_at int8",
      "deleted_at int8",
      "identities int8",
      "faces int8",
    ),
    key: 1,
    from: "collections",
    batch: 2_000,
  },
  {
    name: "galleries",
    columns: columns(
      "row int4 g.row",
      "collection int4",
      "recogniser int2",
      "faces int8 (SELECT count(*) FROM faces f INDEXED BY faces_gallery WHERE f.gallery = g.row)",
    ),
    key: 1,
    from: "galleries g",
    batch: 10_000,
  },
  {
    name: "sessions",
    columns: columns("id text", "account int4", "refresh_id text", "refresh_expires_at int8", "revoked bool"),
    key: 1,
    from: "sessions",
    batch: 10_000,
  },
  {
    name: "identities",
    columns: columns(
      "row int8",
      "account int4",
      "collection int4",
      "id text",
      "external_id text",
      "metadata json",
      "folded text",
      "created_at int8",
      "updated_at int8",
    ),
    key: 1,
    from: "identities",
    batch: 1_000,
  },
  {
    name: "faces",
    columns: columns(
      "slot int8 f.slot",
      "account int4",
      "identity int8",
      "gallery int4",
      "id text",
      "quality json",
      "box json",
      "confidence float8",
      "has_crop bool EXISTS (SELECT 1 FROM crops c WHERE c.slot = f.slot)",
      "created_at int8",
    ),
    key: 1,
    from: "faces f",
    batch: 5_000,
  },
  {
    name: "vectors",
    columns: columns(
      "slot int8 f.slot",
      "identity int8 f.identity",
      "gallery int4 f.gallery",
      "recogniser int2 v.recogniser",
      "embedding embedding v.embedding",
    ),
    key: 1,
    from: "faces f JOIN vectors v ON v.slot = f.slot",
    batch: 5_000,
  },
  {
    name: "crops",
    columns: columns("slot int8", "jpeg bytea"),
    key: 1,
    from: "crops",
    batch: 500,
    stored: {
      copies(rows) {
        const sealed = rows.map(([slot, jpeg]) => ({ slot: slot!, ...sealCrop(jpeg as Buffer) }));
        return [
          {
            table: "crop_keys",
            columns: columns("slot int8", "key bytea"),
            rows: sealed.map(({ slot, key }) => [slot, Buffer.from(key)]),
          },
          {
            table: "crops",
            columns: columns("slot int8", "sealed bytea"),
            rows: sealed.map((crop) => [crop.slot, Buffer.from(crop.sealed)]),
          },
        ];
      },
      select: "slot, sealed, key",
      from: "crops JOIN crop_keys USING (slot)",
      row: ([slot, sealed, key]) => [
        slot as number,
        Buffer.from(openCrop({ sealed: sealed as Buffer, key: key as Buffer })),
      ],
    },
  },
  {
    name: "jobs",
    columns: columns(
      "row int8",
      "account int4",
      "id text",
      "collection int4",
      "kind text",
      "rank int2",
      "turn int8",
      "status text",
      "payload json",
      "attempts int4",
      // Whoever held a lease is gone, or we would not have the directory: due at once, as after an embedded start.
      "due_at int8 CASE WHEN status = 'Started' AND due_at IS NOT NULL THEN 0 ELSE due_at END",
      "lease_id text NULL",
      "identity_id text",
      "result json",
      "error text",
      "created_at int8",
      "started_at int8",
      "finished_at int8",
      "dead_until int8",
      "retried_as text",
      "deaths int4",
    ),
    key: 1,
    from: "jobs",
    batch: 500,
  },
  {
    name: "job_blobs",
    columns: columns("job int8", "blob_id text", "size int8"),
    key: 2,
    from: "job_blobs",
    batch: 10_000,
  },
  {
    name: "mentions",
    columns: columns("identity int8", "job int8"),
    key: 2,
    from: "mentions",
    batch: 10_000,
  },
  {
    name: "events",
    columns: columns("account int4", "seq int8", "job int8", "status text"),
    key: 2,
    from: "events",
    batch: 10_000,
  },
  {
    name: "uploads",
    columns: columns("id text", "account int4", "blob_id text", "size int8", "expires_at int8"),
    key: 1,
    from: "uploads",
    batch: 10_000,
  },
];

export function keyOf({ key }: Table, row: Row): (string | number)[] {
  return row.slice(0, key) as (string | number)[];
}

/** The id that the interface knows the row by, else its key. */
export function nameOf(table: Table, row: Row): string {
  const index = table.columns.findIndex(({ name }) => name === "id");
  return String(index < 0 ? keyOf(table, row).join(", ") : row[index]);
}

/** `?` stands for one value of the key each, `limit` for the number of rows. */
export function sourceQuery({ columns: all, key, from }: Table, behind: boolean): string {
  const keys = all.slice(0, key).map((column) => column.from);
  const where = behind ? `WHERE (${keys.join(", ")}) > (${keys.map(() => "?").join(", ")})` : "";
  return `SELECT ${all.map((column) => column.from).join(", ")} FROM ${from} ${where} ORDER BY ${keys.join(", ")} LIMIT ?`;
}

export function targetQuery({ name, columns: all, key, stored }: Table, behind: boolean): string {
  const keys = all.slice(0, key).map((column) => column.name);
  const where = behind
    ? `WHERE (${keys.join(", ")}) > (${keys.map((_, index) => `$${index + 2}`).join(", ")})`
    : "";
  return `SELECT ${stored?.select ?? all.map(selected).join(", ")} FROM ${stored?.from ?? name} ${where} ORDER BY ${keys.join(", ")} LIMIT $1`;
}

export function targetRow({ columns: all, stored }: Table, values: unknown[]): Row {
  return stored?.row(values) ?? values.map((value, index) => fromPostgres(all[index]!.type, value));
}

/** What `rows` become in PostgreSQL. */
export function copiesOf({ name, columns: all, stored }: Table, rows: readonly Row[]): Copy[] {
  return stored?.copies(rows) ?? [{ table: name, columns: all, rows }];
}
