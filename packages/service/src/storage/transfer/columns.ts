import { checkLength, fromBytes } from "../embedding.ts";
import { storable, toJson } from "../postgres/text.ts";

/** As both sides are compared, whatever each of them stores. */
export type Value = string | number | boolean | null | Buffer;

export type Row = readonly Value[];

/** Of the column in PostgreSQL. `embedding` is pgvector's `vector`; its value is float32, little-endian. */
export type ColumnType =
  | "int2"
  | "int4"
  | "int8"
  | "float8"
  | "bool"
  | "text"
  | "json"
  | "bytea"
  | "embedding";

export interface Column {
  name: string;
  type: ColumnType;
  /** What gives it in SQLite; its name where nothing is said. */
  from: string;
}

/** `"row int4 a.row"`: name, type, and the SQL that gives it in SQLite. */
export function columns(...texts: string[]): Column[] {
  return texts.map((text) => {
    const [, name, type, from] = /^(\w+) (\w+)(?: (.+))?$/s.exec(text)!;
    return { name: name!, type: type as ColumnType, from: from ?? name! };
  });
}

/** @throws RangeError when an embedding is none. */
export function fromSqlite(type: ColumnType, value: unknown): Value {
  if (value === null) return null;
  switch (type) {
    case "bool":
      return value === 1;
    case "text":
      return storable(value as string);
    case "json":
      return storableJson(value as string);
    case "embedding":
      checkLength(fromBytes(value as Buffer));
      return value as Buffer;
    default:
      return value as Value;
  }
}

/** JSON keeps its text, except for what PostgreSQL cannot hold. */
function storableJson(text: string): string {
  return /\\u(0000|d[89a-f])/i.test(text) ? toJson(JSON.parse(text)) : text;
}

/** How a column is asked for, so that `fromPostgres` understands the answer. */
export function selected({ name, type }: Pick<Column, "name" | "type">): string {
  if (type === "json") return `${name}::text`;
  return type === "embedding" ? `vector_send(${name})` : name;
}

/** Behind the header of `vector_send`: dimension and a reserved field, 16 bits each; then float32, big-endian. */
const HEADER_BYTES = 4;

export function fromPostgres(type: ColumnType, value: unknown): Value {
  if (type !== "embedding" || value === null) return value as Value;
  return Buffer.from((value as Buffer).subarray(HEADER_BYTES)).swap32();
}

/** In PostgreSQL's binary form; not for null. */
export function encode(type: ColumnType, value: Exclude<Value, null>): Buffer {
  switch (type) {
    case "bool":
      return Buffer.of(value ? 1 : 0);
    case "int2":
    case "int4":
    case "int8": {
      const bytes = Buffer.alloc({ int2: 2, int4: 4, int8: 8 }[type]);
      if (type === "int8") bytes.writeBigInt64BE(BigInt(value as number));
      else bytes.writeIntBE(value as number, 0, bytes.length);
      return bytes;
    }
    case "float8": {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value as number);
      return bytes;
    }
    case "text":
    case "json":
      return Buffer.from(value as string);
    case "bytea":
      return value as Buffer;
    case "embedding":
      return encodeVector(value as Buffer);
  }
}

function encodeVector(values: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(values.length / 4);
  return Buffer.concat([header, Buffer.from(values).swap32()]);
}
