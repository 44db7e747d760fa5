import pg from "pg";

/** Unit vectors around a centre each, two faces a person at cosine 0.5 of each other: a hard gallery for an approximate index. */
const SPREAD = 1;
const BATCH = 1_000;

export interface Gallery {
  /** Rows of the accounts. */
  large: number;
  small: number;
  /** A new photo of a person of the large account. */
  probe(): Float32Array;
}

/** Two accounts: nine faces of ten are one's. Written past the storage: through it a million would take an hour. */
export async function fillGallery(
  client: pg.Client,
  ids: { large: string; small: string },
  faces: number,
  random: () => number,
): Promise<Gallery> {
  const { rows } = await client.query<{ row: number; id: string }>(
    "SELECT row, id FROM accounts WHERE id = ANY ($1)",
    [[ids.large, ids.small]],
  );
  const rowOf = (id: string) => rows.find((row) => row.id === id)!.row;
  const [large, small] = [rowOf(ids.large), rowOf(ids.small)];
  const centres: Float32Array[] = [];
  for (let done = 0; done < faces; done += BATCH) {
    const people = Array.from({ length: Math.min(BATCH, faces - done) / 2 }, () => unit(random));
    const account = (done / BATCH) % 10 === 9 ? small : large;
    if (account === large && centres.length < 5_000) centres.push(...people);
    const vectors = people.flatMap((centre) => [unit(random, centre), unit(random, centre)]);
    await client.query(
      `WITH people AS (
         INSERT INTO identities (account, id, metadata, folded, created_at, updated_at)
         SELECT $1::int, gen_random_uuid(), '{}', '', 0, 0 FROM generate_series(1, $2) RETURNING row),
       numbered AS (SELECT row, row_number() OVER (ORDER BY row) - 1 AS n FROM people),
       photos AS (SELECT (place - 1) / 2 AS n, vector FROM unnest($3::text[]) WITH ORDINALITY AS v (vector, place)),
       slots AS (SELECT nextval(pg_get_serial_sequence('faces', 'slot')) AS slot, row, vector FROM photos JOIN numbered USING (n)),
       written AS (
         INSERT INTO faces (slot, account, identity, id, quality, box, confidence, has_crop, created_at) OVERRIDING SYSTEM VALUE
         SELECT slot, $1, row, gen_random_uuid(), '{}', '{}', 1, false, 0 FROM slots)
       INSERT INTO vectors (slot, identity, account, embedding) SELECT slot, row, $1, vector::vector FROM slots`,
      [account, people.length, vectors.map((vector) => `[${vector.join(",")}]`)],
    );
  }
  await client.query(
    "UPDATE gallery_heads h SET faces = (SELECT count(*) FROM vectors v WHERE v.account = h.account)",
  );
  await client.query("VACUUM ANALYZE vectors");
  await client.query("VACUUM ANALYZE faces");
  return { large, small, probe: () => unit(random, centres[Math.floor(random() * centres.length)]) };
}

function unit(random: () => number, centre?: Float32Array): Float32Array {
  const values = Float64Array.from(
    { length: 128 },
    (_, index) => (centre?.[index] ?? 0) + (SPREAD * gauss(random)) / Math.sqrt(128),
  );
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
