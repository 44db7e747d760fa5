import type { Transaction } from "../database.ts";

/** Changes kept for each account: a node that is further behind loads its gallery anew. */
const KEPT = 100_000;
/** How many changes apart the forgotten ones are cleared away. */
const ROUND = 1_000;

/** In the transaction that changes faces, before its events: numbers the changes. Holds the account's gallery head until the commit. */
export async function recordChanges(
  { query }: Pick<Transaction, "query">,
  account: number,
  faces: readonly { slot: number; identity: number }[],
  change: "came" | "went",
): Promise<void> {
  if (faces.length === 0) return;
  const gone = change === "went";
  const [head] = await query<{ base: number }>(
    `WITH head AS (
       UPDATE gallery_heads SET seq = seq + $2, faces = faces + $3 WHERE account = $1 RETURNING seq - $2 AS base),
     written AS (
       INSERT INTO gallery_changes (account, seq, slot, identity, gone)
       SELECT $1, base + place, slot, identity, $4 FROM head, unnest($5::bigint[], $6::bigint[]) WITH ORDINALITY AS f (slot, identity, place))
     SELECT base FROM head`,
    [
      account,
      faces.length,
      gone ? -faces.length : faces.length,
      gone,
      faces.map(({ slot }) => slot),
      faces.map(({ identity }) => identity),
    ],
  );
  const seq = head!.base + faces.length;
  if (seq < KEPT || Math.floor(seq / ROUND) === Math.floor(head!.base / ROUND)) return;
  await query(
    `WITH pruned AS (UPDATE gallery_heads SET pruned = $2 WHERE account = $1)
     DELETE FROM gallery_changes WHERE account = $1 AND seq <= $2`,
    [account, seq - KEPT],
  );
}
