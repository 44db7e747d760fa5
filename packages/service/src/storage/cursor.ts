import { StorageError } from "./types.ts";

/** Position in a list ordered by (created_at, id): it stays right when rows come and go, the named one included. */
export interface Position {
  createdAt: number;
  id: string;
}

export function encodeCursor({ createdAt, id }: Position): string {
  return Buffer.from(`${createdAt}.${id}`).toString("base64url");
}

/** Without a cursor, a position after every row: lists run from the newest to the oldest. */
export function decodeCursor(cursor: string | undefined): Position {
  if (cursor === undefined) return { createdAt: Number.MAX_SAFE_INTEGER, id: "" };
  const match = /^(\d{1,16})\.(.+)$/s.exec(Buffer.from(cursor, "base64url").toString());
  if (!match)
    throw new StorageError(
      "bad-cursor",
      "The cursor is not one this server gave. Start again without a cursor.",
    );
  return { createdAt: Number(match[1]), id: match[2]! };
}

/** One row more than asked for was read: it says that there is a next page. */
export function page<T extends Position>(rows: T[], limit: number): { items: T[]; nextCursor?: string } {
  if (rows.length <= limit) return { items: rows };
  const items = rows.slice(0, limit);
  return { items, nextCursor: encodeCursor(items.at(-1)!) };
}
