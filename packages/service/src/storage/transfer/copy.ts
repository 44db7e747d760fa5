import type pg from "pg";
import { from } from "pg-copy-streams";
import { type Column, encode, type Row } from "./columns.ts";

/** Rows for one table of the target. */
export interface Copy {
  table: string;
  columns: readonly Pick<Column, "name" | "type">[];
  rows: readonly Row[];
}

const SIGNATURE = Buffer.concat([
  Buffer.from("PGCOPY\n"),
  Buffer.of(0xff),
  Buffer.from("\r\n\0"),
  Buffer.alloc(8),
]);
const END = Buffer.of(0xff, 0xff);
const NULL = Buffer.of(0xff, 0xff, 0xff, 0xff);

/** Inside a transaction. Binary, so that float32 arrive as the bits they are. Identity columns take the numbers given. */
export async function copyInto(client: pg.Client, { table, columns, rows }: Copy): Promise<void> {
  const names = columns.map(({ name }) => name).join(", ");
  const stream = client.query(from(`COPY ${table} (${names}) FROM STDIN WITH (FORMAT binary)`));
  await new Promise<void>((resolve, reject) => {
    stream.once("finish", resolve).once("error", reject);
    stream.end(Buffer.concat([SIGNATURE, ...rows.flatMap((row) => tuple(columns, row)), END]));
  });
}

function tuple(columns: Copy["columns"], row: Row): Buffer[] {
  const parts = [int(columns.length, 2)];
  for (const [index, { type }] of columns.entries()) {
    const value = row[index]!;
    if (value === null) {
      parts.push(NULL);
      continue;
    }
    const bytes = encode(type, value);
    parts.push(int(bytes.length, 4), bytes);
  }
  return parts;
}

function int(value: number, size: 2 | 4): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeIntBE(value, 0, size);
  return bytes;
}
