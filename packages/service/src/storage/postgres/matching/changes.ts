import type { Transaction } from "../database.ts";

/** Changes kept for each gallery: a node that is further behind loads it anew. */
const KEPT = 100_000;
/** How many changes apart the forgotten ones are cleared away. */
const ROUND = 1_000;

/** A face that came or went. */
export interface Change {
  gallery: number;
  slot: number;
  identity: number;
}

/** In the transaction that changes faces, before its events: numbers the changes. Holds the galleries, by their numbers, until the commit. */
export async function recordChanges(
  tx: Pick<Transaction, "query">,
  faces: readonly Change[],
  change: "came" | "went",
): Promise<void> {
  const galleries = Map.groupBy(faces, ({ gallery }) => gallery);
  for (const [gallery, own] of [...galleries].toSorted(([a], [b]) => a - b))
    await recordIn(tx, gallery, own, change === "went");
}

async function recordIn(
  { query }: Pick<Transaction, "query">,
  gallery: number,
  faces: readonly Change[],
  gone: boolean,
): Promise<void> {
  const [head] = await query<{ base: number }>(
    `WITH head AS (
       UPDATE galleries SET seq = seq + $2, faces = faces + $3 WHERE row = $1 RETURNING seq - $2 AS base),
     written AS (
       INSERT INTO gallery_changes (gallery, seq, slot, identity, gone)
       SELECT $1, base + place, slot, identity, $4 FROM head, unnest($5::bigint[], $6::bigint[]) WITH ORDINALITY AS f (slot, identity, place))
     SELECT base FROM head`,
    [
      gallery,
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
    `WITH pruned AS (UPDATE galleries SET pruned = $2 WHERE row = $1)
     DELETE FROM gallery_changes WHERE gallery = $1 AND seq <= $2`,
    [gallery, seq - KEPT],
  );
}
