import type { Context } from "../context.ts";
import type { Transaction } from "../database.ts";
import type { Relation } from "./relations.ts";

const PAGE_HEADER_BYTES = 24;
const ITEM_BYTES = 4;

/** At most so many in one go, or twice the rows deleted: two seconds' work. What they don't reach is tried again. */
const MAX_FILLERS = 50_000;
/** Names the advisory lock: the bytes of "pros" and one. */
const LOCK = 0x70726f74;

/**
 * Overwrites what deleted rows left on their pages. VACUUM frees their space but leaves the bytes, until other rows are
 * laid over them; so rows of zeros are inserted until each page holds as many rows as fit, and rolled back: no one ever
 * sees them, but the bytes are written. True when no noted page is left.
 */
export async function scrub(
  { read, transaction }: Context,
  relation: Relation,
  vacuum: (sql: string) => Promise<void>,
): Promise<boolean> {
  // Before the VACUUM: it can only free what was deleted by now.
  const notes = await read<{ row: number; block: number }>(
    "SELECT row, block FROM erasures WHERE relation = $1",
    [relation.name],
  );
  if (notes.length === 0) return true;
  // Without TRUNCATE it takes no lock that readers or writers wait for.
  await vacuum(`VACUUM (INDEX_CLEANUP ON, TRUNCATE FALSE) ${relation.name}`);
  const open = await fill(transaction, relation, new Set(notes.map(({ block }) => block)));
  const done = notes.filter(({ block }) => !open.has(block)).map(({ row }) => row);
  await transaction(({ query }) => query("DELETE FROM erasures WHERE row = ANY ($1::bigint[])", [done]), {
    repeatable: true,
  });
  return open.size === 0;
}

class Undo extends Error {}

/** Returns the pages that still have room. */
async function fill(
  transaction: Context["transaction"],
  relation: Relation,
  pages: Set<number>,
): Promise<Set<number>> {
  let open = pages;
  try {
    await transaction(async (tx) => {
      open = pages;
      const [lock] = await tx.query<{ held: boolean }>("SELECT pg_try_advisory_xact_lock($1) AS held", [
        LOCK,
      ]);
      if (!lock?.held) throw new Undo();
      let fillers = 0;
      let most = 0;
      for (;;) {
        const room = await roomOn(tx, relation, open);
        open = new Set(room.keys());

        // PostgreSQL chooses the pages; where others have room as well, it takes more.
        const missing = [...room.values()].reduce((sum, rows) => sum + rows, 0);
        most ||= Math.max(MAX_FILLERS, 2 * missing);
        if (missing === 0 || fillers >= most) throw new Undo();
        const more = Math.max(missing, fillers);
        await tx.query(relation.fill, [fillers + 1, fillers + more]);
        fillers += more;
      }
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
  return open;
}

/** Pages that are not full, with the rows that they lack. */
async function roomOn(
  { query }: Transaction,
  { name, rowBytes }: Relation,
  pages: ReadonlySet<number>,
): Promise<Map<number, number>> {
  const rows = await query<{ block: number; room: number }>(
    `SELECT p.block, (current_setting('block_size')::int - $2) / $3 - count(r.slot)::int AS room
     FROM unnest($1::bigint[]) AS p (block)
     LEFT JOIN LATERAL (SELECT slot FROM ${name} r
       WHERE r.ctid >= format('(%s,0)', p.block)::tid AND r.ctid < format('(%s,0)', p.block + 1)::tid) r ON true
     -- A page beyond the end was cut off by autovacuum.
     WHERE p.block < pg_relation_size('${name}') / current_setting('block_size')::int
     GROUP BY p.block HAVING (current_setting('block_size')::int - $2) / $3 > count(r.slot)`,
    [[...pages], PAGE_HEADER_BYTES, rowBytes + ITEM_BYTES],
  );
  return new Map(rows.map(({ block, room }) => [block, room]));
}
