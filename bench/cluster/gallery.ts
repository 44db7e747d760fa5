import type pg from "pg";
import type { CollectionKey } from "../../packages/service/src/storage/types.ts";
import { DIMENSION, recogniser } from "../lib/embedding.ts";
import { createPeople } from "./embeddings.ts";

/** Faces written at once. */
const BATCH = 1_200;
/** Enrolled with so many photos each, in turn. */
const PHOTOS = [1, 2, 3];

/** One collection's faces as they were written, the oldest first. */
export interface Gallery {
  /** Its row, and its recogniser's. */
  row: number;
  recogniser: number;
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
  key: CollectionKey,
  { faces, probes, random }: { faces: number; probes: number; random: () => number },
): Promise<{ gallery: Gallery; probes: Probe[] }> {
  const place = await client.query<{ account: number; collection: number; recogniser: number; row: number }>(
    `WITH place AS (
       SELECT c.account, c.row AS collection, r.row AS recogniser FROM collections c, recognisers r WHERE c.id = $1 AND r.id = $2),
     gallery AS (
       INSERT INTO galleries (collection, recogniser, faces) SELECT collection, recogniser, $3 FROM place RETURNING row)
     SELECT place.*, gallery.row FROM place, gallery`,
    [key.collectionId, recogniser.id, faces],
  );
  const { account, collection, row, recogniser: by } = place.rows[0]!;
  const identityId = (person: number) => `${account}-${person}`;
  const vectors = new Float32Array(faces * DIMENSION);
  const people = new Uint32Array(faces);
  const maker = createPeople(random);
  const asked: Probe[] = [];
  const cycle = PHOTOS.reduce((sum, photos) => sum + photos, 0);
  // People to be asked for are spread over the whole collection.
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
         INSERT INTO identities (account, collection, id, metadata, folded, created_at, updated_at)
         SELECT $1::int, $6, $1::int || '-' || n, '{}', '', 0, 0 FROM generate_series($2::int, $3::int) n RETURNING row, id),
       slots AS (
         SELECT nextval(pg_get_serial_sequence('faces', 'slot')) AS slot, row, vector
         FROM unnest($4::int[], $5::text[]) AS v (person, vector) JOIN numbered ON numbered.id = $1::int || '-' || person),
       written AS (
         INSERT INTO faces (slot, account, identity, gallery, id, quality, box, confidence, has_crop, created_at) OVERRIDING SYSTEM VALUE
         SELECT slot, $1, row, $7, gen_random_uuid(), '{}', '{}', 1, false, 0 FROM slots)
       INSERT INTO vectors (slot, identity, gallery, recogniser, embedding) SELECT slot, row, $7, $8, vector::vector FROM slots`,
      [
        account,
        first,
        person - 1,
        written.map((at) => people[at]),
        written.map((at) => `[${vectors.subarray(at * DIMENSION, (at + 1) * DIMENSION).join(",")}]`),
        collection,
        row,
        by,
      ],
    );
  }
  await client.query(
    `WITH counted AS (UPDATE collections SET identities = $2, faces = $3 WHERE row = $1 RETURNING account)
     UPDATE account_heads h SET identities = $2, faces = $3 FROM counted WHERE h.account = counted.account`,
    [collection, person, faces],
  );
  return { gallery: { row, recogniser: by, vectors, people, identityId }, probes: asked };
}
