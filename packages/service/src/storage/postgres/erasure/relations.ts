import type { Transaction } from "../database.ts";
import type { Context } from "../context.ts";

/** A table whose rows all have one size, so that rows of zeros can fill the gaps on its pages. */
export interface Relation {
  name: string;
  /** Of a stored row: header of 24, values, and what aligns them to 8. A test holds it against PostgreSQL. */
  rowBytes: number;
  /** Inserts rows $1 to $2 of zeros; gallery 0 and negative slots belong to nobody. */
  fill: string;
}

const CROP_KEYS: Relation = {
  name: "crop_keys",
  rowBytes: 72,
  fill: `INSERT INTO crop_keys (slot, key) SELECT -n, decode(repeat('00', 32), 'hex') FROM generate_series($1::bigint, $2::bigint) n`,
};

/** The vectors of one recogniser: header, three numbers and a half (24, aligned), then 4 + 4 bytes before the values. */
const vectors = (recogniser: number, dimension: number): Relation => ({
  name: `vectors_${recogniser}`,
  rowBytes: Math.ceil((24 + 24 + 8 + 4 * dimension) / 8) * 8,
  fill: `INSERT INTO vectors_${recogniser} (slot, identity, gallery, recogniser, embedding)
    SELECT -n, 0, 0, ${recogniser}, array_fill(0, ARRAY[${dimension}])::vector FROM generate_series($1::bigint, $2::bigint) n`,
});

/** Those that something was deleted from and not erased yet. */
export async function notedRelations({ read }: Context): Promise<Relation[]> {
  const noted = await read<{ relation: string; row: number | null; dimension: number | null }>(
    `SELECT DISTINCT e.relation, r.row, r.dimension FROM erasures e LEFT JOIN recognisers r ON e.relation = 'vectors_' || r.row`,
  );
  return noted.map(({ row, dimension }) => (row === null ? CROP_KEYS : vectors(row, dimension!)));
}

/** Inside a transaction: deletes vectors, crops and their keys, and notes the pages that they lay on. */
export async function eraseSlots(tx: Transaction, slots: readonly number[]): Promise<void> {
  await tx.query("DELETE FROM crops WHERE slot = ANY ($1::bigint[])", [slots]);
  for (const table of ["vectors", "crop_keys"])
    await tx.query(
      `WITH gone AS (DELETE FROM ${table} WHERE slot = ANY ($1::bigint[])
         RETURNING tableoid::regclass::text AS relation, (ctid::text::point)[0]::bigint AS block)
       INSERT INTO erasures (relation, block) SELECT DISTINCT relation, block FROM gone`,
      [slots],
    );
}
