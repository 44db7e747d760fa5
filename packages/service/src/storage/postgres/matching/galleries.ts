import { Banks } from "../../../gallery/slab.ts";
import type { Neighbour } from "../../types.ts";
import type { Context } from "../context.ts";
import { type Held, loadGallery } from "./held.ts";
import { named } from "./named.ts";
import { type Candidate, rank } from "./rank.ts";

/** Held in memory unless told otherwise: 300 MB. */
export const GALLERY_FACES = 2_000_000;

interface Entry {
  loading: Promise<Held>;
  faces: number;
  usedAt: number;
}

export interface Galleries {
  /** Undefined where the account is too large to be held. */
  nearest(account: number, probe: Float32Array, k: number): Promise<Neighbour[] | undefined>;
  close(): Promise<void>;
}

/**
 * Exact search in memory in front of PostgreSQL. Each search first applies the changes committed before it, so it never
 * answers from an old state; the nearest are scored again from the stored vectors. When room is short, the account that
 * was not searched for longest is dropped.
 * @param capacity faces in memory over all accounts; about 150 bytes each
 */
export function createGalleries(context: Context, capacity: number): Galleries {
  const banks = new Banks();
  const entries = new Map<number, Entry>();

  async function entryOf(account: number): Promise<Entry | undefined> {
    const known = entries.get(account);
    if (known) return known;
    const [head] = await context.read<{ faces: number }>(
      "SELECT faces FROM gallery_heads WHERE account = $1",
      [account],
    );
    const faces = head?.faces ?? 0;
    if (faces > capacity) return undefined;
    // Another search may have begun to load it meanwhile.
    const entry = entries.get(account) ?? { loading: loadGallery(context, banks, account), faces, usedAt: 0 };
    entries.set(account, entry);
    entry.loading.catch(() => drop(account, entry));
    await makeRoom(entry);
    return entry;
  }

  function drop(account: number, entry: Entry): void {
    if (entries.get(account) === entry) entries.delete(account);
    entry.loading.then(
      ({ slab }) => slab.clear(),
      () => {},
    );
  }

  async function makeRoom(newest: Entry): Promise<void> {
    let faces = [...entries.values()].reduce((sum, entry) => sum + entry.faces, 0);
    for (const [account, entry] of [...entries].toSorted(([, a], [, b]) => a.usedAt - b.usedAt)) {
      if (faces <= capacity) return;
      if (entry === newest) continue;
      faces -= entry.faces;
      drop(account, entry);
    }
  }

  return {
    async nearest(account, probe, k) {
      for (;;) {
        const entry = await entryOf(account);
        if (!entry) return undefined;
        entry.usedAt = performance.now();
        const held = await entry.loading;
        if (!(await held.catchUp())) {
          drop(account, entry);
          continue;
        }
        entry.faces = held.slab.size;
        if (entry.faces > capacity) drop(account, entry);
        const possible = await held.slab.candidates(probe, k);
        const slots = possible.map(({ slot }) => slot);
        const stored = await context.read<Candidate>(
          "SELECT slot, identity, 0 AS distance, vector_send(embedding) AS sent FROM vectors WHERE slot = ANY ($1::bigint[])",
          [slots],
        );
        // Some were deleted since: what takes their place was not among the possible ones. Or the account was dropped.
        if (stored.length < slots.length || entries.get(account) !== entry) {
          if (entries.get(account) === entry || entry.faces <= capacity) continue;
          return undefined;
        }
        return named(context, rank(stored, probe, k));
      }
    },
    async close() {
      for (const [account, entry] of entries) drop(account, entry);
    },
  };
}
