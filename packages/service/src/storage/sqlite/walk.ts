import { nextTurn } from "../../turns.ts";
import { page, type Position } from "../cursor.ts";
import type { Page } from "../types.ts";

/** A list in the order of (created_at, id), newest first, of which a filter lets some rows through. */
export interface Walk<T> {
  /** Rows looked at in one step, which has the event loop for some milliseconds. */
  step: number;
  /** Position of the n-th row after one; undefined where there are fewer. */
  ahead(from: Position, n: number): Position | undefined;
  /** At most `limit` of those that pass the filter, after one position and up to another. */
  passing(from: Position, to: Position | undefined, limit: number): T[];
}

/** A page of a filtered list, looked for step by step with turns for others in between, however few rows pass. */
export async function walk<T extends Position>(
  { step, ahead, passing }: Walk<T>,
  from: Position,
  limit: number,
): Promise<Page<T>> {
  const found: T[] = [];
  for (let at = from; ;) {
    const to = ahead(at, step);
    found.push(...passing(at, to, limit + 1 - found.length));
    if (found.length > limit || !to) return page(found, limit);
    at = to;
    await nextTurn();
  }
}
