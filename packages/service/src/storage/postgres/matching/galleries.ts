import { Banks } from "../../../gallery/slab.ts";
import type { Neighbour } from "../../types.ts";
import type { Context } from "../context.ts";
import { type Held, loadGallery } from "./held.ts";
import { named } from "./named.ts";
import { type Candidate, rank } from "./rank.ts";

/** Held in memory unless told otherwise: 300 MB. */
export const GALLERY_FACES = 2_000_000;
/** What loading takes for each face: 19 s for 900,000 (decisions/023). Milliseconds. */
const LOAD_MS = 0.02;
/** A search waits for a load of so many faces, about a second; meanwhile PostgreSQL answers those of larger galleries. */
const WORTH_WAITING = 50_000;

interface Entry {
  faces: number;
  /** Searches that are in it: it is not dropped under them. */
  users: number;
  usedAt: number;
  loading: Promise<Held>;
  loaded: boolean;
}

export interface Galleries {
  /** Undefined where the gallery is too large to be held, or is not held yet: PostgreSQL answers instead. */
  nearest(gallery: number, probe: Float32Array, k: number): Promise<Neighbour[] | undefined>;
  close(): void;
}

/**
 * Exact search in memory in front of PostgreSQL. Each search first applies the changes committed before it, so it never
 * answers from an old state; the nearest are scored again from the stored vectors. When room is short, the one that
 * was not searched for longest is dropped, unless that was less long ago than loading it again takes: galleries that do
 * not fit together would take each other's place for ever.
 * @param capacity faces in memory over all galleries; about 150 bytes each
 */
export function createGalleries(context: Context, capacity: number): Galleries {
  const banks = new Banks();
  const entries = new Map<number, Entry>();
  /** One load at a time, as each holds a connection for as long as it takes. */
  let loading = false;

  async function entryOf(gallery: number): Promise<Entry | undefined> {
    const known = entries.get(gallery);
    if (known) return known;
    const [head] = await context.read<{ faces: number }>("SELECT faces FROM galleries WHERE row = $1", [
      gallery,
    ]);
    const faces = head?.faces ?? 0;
    // Another search may have begun to load it meanwhile.
    return entries.get(gallery) ?? (!loading && makeRoom(faces) ? load(gallery, faces) : undefined);
  }

  function load(gallery: number, faces: number): Entry {
    loading = true;
    const entry: Entry = {
      faces,
      users: 0,
      usedAt: performance.now(),
      loading: loadGallery(context, banks, gallery).finally(() => (loading = false)),
      loaded: false,
    };
    entries.set(gallery, entry);
    entry.loading.then(
      () => (entry.loaded = true),
      () => drop(gallery, entry),
    );
    return entry;
  }

  /** Drops idle galleries until so many more faces fit; none when that is not enough. */
  function makeRoom(faces: number): boolean {
    let excess = faces - capacity;
    for (const entry of entries.values()) excess += entry.faces;
    if (excess <= 0) return true;
    const now = performance.now();
    const idle = [...entries]
      .filter(
        ([, { loaded, users, faces: held, usedAt }]) =>
          loaded && users === 0 && now - usedAt >= held * LOAD_MS,
      )
      .toSorted(([, a], [, b]) => a.usedAt - b.usedAt);
    const dropped = [];
    for (const one of idle) {
      if (excess <= 0) break;
      excess -= one[1].faces;
      dropped.push(one);
    }
    if (excess > 0) return false;
    for (const [gallery, entry] of dropped) drop(gallery, entry);
    return true;
  }

  function drop(gallery: number, entry: Entry): void {
    if (entries.get(gallery) === entry) entries.delete(gallery);
    if (entry.users > 0) return; // the last of them clears it
    entry.loading.then(
      ({ slab }) => slab.clear(),
      () => {},
    );
  }

  async function search(
    gallery: number,
    entry: Entry,
    probe: Float32Array,
    k: number,
  ): Promise<Neighbour[] | undefined> {
    const held = await entry.loading;
    for (;;) {
      const current = await held.catchUp();
      entry.faces = held.slab.size;
      // Too far behind, or grown too large.
      if (!current || entry.faces > capacity) drop(gallery, entry);
      if (entries.get(gallery) !== entry) return undefined;
      const possible = await held.slab.candidates(probe, k);
      const slots = possible.map(({ slot }) => slot);
      const stored = await context.read<Candidate>(
        "SELECT slot, identity, 0 AS distance, vector_send(embedding) AS sent FROM vectors WHERE gallery = $2 AND slot = ANY ($1::bigint[])",
        [slots, gallery],
      );
      // Where some were deleted since, what takes their place was not among the possible ones.
      if (stored.length === slots.length) return named(context, rank(stored, probe, k));
    }
  }

  return {
    async nearest(gallery, probe, k) {
      const entry = await entryOf(gallery);
      if (!entry || (!entry.loaded && entry.faces > WORTH_WAITING)) return undefined;
      entry.users++;
      try {
        return await search(gallery, entry, probe, k);
      } finally {
        entry.users--;
        entry.usedAt = performance.now();
        if (entries.get(gallery) !== entry) drop(gallery, entry);
        else makeRoom(0); // it may have grown
      }
    },
    close() {
      for (const [gallery, entry] of entries) drop(gallery, entry);
    },
  };
}
