import type pg from "pg";
import { DIMENSION } from "../search/gallery.ts";
import { createPeople } from "./embeddings.ts";

/** Faces written at once. */
const BATCH = 1_200;
/** Enrolled with so many photos each, in turn. */
const PHOTOS = [1, 2, 3];

/** One account's faces as they were written, the oldest first. */
export interface Gallery {
  /** Row of the account. */
  account: number;
  vectors: Float32Array;
  /** By face: the number of its person. */
  people: Uint32Array;
  identityId(person: number): string;
}

export interface Probe {
  vector: Float32Array;
  /** A new photo of an enrolled person, or a stranger. */
  known: boolean;
}

/** Written past the storage: through it a million would take an hour. Probes are one half of each kind, in turn. */
export async function fillGallery(
  client: pg.Client,
  accountId: string,
  { faces, probes, random }: { faces: number; probes: number; random: () => number },
): Promise<{ gallery: Gallery; probes: Probe[] }> {
  const { rows } = await client.query<{ row: number }>("SELECT row FROM accounts WHERE id = $1", [accountId]);
  const account = rows[0]!.row;
  const identityId = (person: number) => `${account}-${person}`;
  const vectors = new Float32Array(faces * DIMENSION);
  const people = new Uint32Array(faces);
  const maker = createPeople(random);
  const asked: Probe[] = [];
  const cycle = PHOTOS.reduce((sum, photos) => sum + photos, 0);
  // People to be asked for are spread over the whole account.
  const every = Math.floor(((faces / cycle) * PHOTOS.length) / (probes / 2));
  let [face, person] = [0, 0];
  while (face < faces) {
    const [first, from] = [person, face];
    while (face < faces && face - from < BATCH) {
      const centre = maker.person();
      const end = Math.min(faces, face + PHOTOS[person % PHOTOS.length]!);
      for (; face < end; face++) {
        vectors.set(maker.photo(centre), face * DIMENSION);
        people[face] = person;
      }
      if (person % every === 0 && asked.length < probes)
        asked.push(
          { vector: maker.photo(centre), known: true },
          { vector: maker.photo(maker.person()), known: false },
        );
      person++;
    }
    const written = Array.from({ length: face - from }, (_, n) => from + n);
    await client.query(
      `WITH numbered AS (
         INSERT INTO identities (account, id, metadata, folded, created_at, updated_at)
         SELECT $1::int, $1::int || '-' || n, '{}', '', 0, 0 FROM generate_series($2::int, $3::int) n RETURNING row, id),
       slots AS (
         SELECT nextval(pg_get_serial_sequence('faces', 'slot')) AS slot, row, vector
         FROM unnest($4::int[], $5::text[]) AS v (person, vector) JOIN numbered ON numbered.id = $1::int || '-' || person),
       written AS (
         INSERT INTO faces (slot, account, identity, id, quality, box, confidence, has_crop, created_at) OVERRIDING SYSTEM VALUE
         SELECT slot, $1, row, gen_random_uuid(), '{}', '{}', 1, false, 0 FROM slots)
       INSERT INTO vectors (slot, identity, account, embedding) SELECT slot, row, $1, vector::vector FROM slots`,
      [
        account,
        first,
        person - 1,
        written.map((at) => people[at]),
        written.map((at) => `[${vectors.subarray(at * DIMENSION, (at + 1) * DIMENSION).join(",")}]`),
      ],
    );
  }
  await client.query("UPDATE gallery_heads SET faces = $2 WHERE account = $1", [account, faces]);
  return { gallery: { account, vectors, people, identityId }, probes: asked };
}
