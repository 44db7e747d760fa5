import type { Page } from "@prosopon/core";
import { InvalidInputError } from "../errors.ts";

const PAGE_DEFAULT = 50;
const PAGE_MAX = 100;

export interface ForwardArgs {
  first?: number | null;
  after?: string | null;
}

/**
 * A Relay connection over pages that are read forwards by an opaque cursor. An edge's cursor is the cursor of its page and
 * the edge's place in it; the last edge's is the next page's cursor, so going on from `endCursor` reads nothing twice.
 */
export async function connection<T>(
  { first, after }: ForwardArgs,
  read: (page: { limit: number; cursor?: string }) => Promise<Page<T>>,
) {
  const wanted = first ?? PAGE_DEFAULT;
  if (wanted < 1 || wanted > PAGE_MAX) {
    throw new InvalidInputError([{ message: `first must be 1 to ${PAGE_MAX}.`, path: ["first"] }]);
  }
  const { cursor, skip } = parse(after);
  const limit = Math.min(PAGE_MAX, wanted + skip);
  const page = await read({ limit, ...(cursor && { cursor }) });
  const edges = page.items.slice(skip).map((node, index, rest) => {
    const last = index === rest.length - 1 && page.nextCursor !== undefined;
    return { node, cursor: last ? format(page.nextCursor ?? "", 0) : format(cursor, skip + index + 1) };
  });
  return {
    edges,
    pageInfo: {
      hasNextPage: page.nextCursor !== undefined,
      hasPreviousPage: Boolean(after),
      startCursor: edges[0]?.cursor,
      endCursor: edges.at(-1)?.cursor ?? after,
    },
  };
}

function format(cursor: string, skip: number): string {
  return `${skip}.${cursor}`;
}

function parse(after: string | null | undefined): { cursor: string; skip: number } {
  if (!after) return { cursor: "", skip: 0 };
  const [, skip, cursor] = /^(\d{1,3})\.(.*)$/s.exec(after) ?? [];
  if (skip === undefined || cursor === undefined || Number(skip) > PAGE_MAX) {
    throw new InvalidInputError([
      { message: "after must be a cursor that this connection has given.", path: ["after"] },
    ]);
  }
  return { cursor, skip: Number(skip) };
}
