import type { Page } from "@prosopon/core";

/** Items of a page: the most that there are. */
export const PAGE_ITEMS = 100;

type List<Item> = (page: { limit: number; cursor?: string }) => Promise<Page<Item>>;

/** The items of every page, in the list's order. A page is fetched once its first item is wanted. */
export async function* everyPage<Item>(list: List<Item>): AsyncGenerator<Item, void, undefined> {
  for (let cursor: string | undefined; ;) {
    const { items, nextCursor } = await list({ limit: PAGE_ITEMS, ...(cursor && { cursor }) });
    yield* items;
    if (!nextCursor) return;
    cursor = nextCursor;
  }
}

export async function all<Item>(list: List<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of everyPage(list)) items.push(item);
  return items;
}
