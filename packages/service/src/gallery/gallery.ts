import { nextTurn } from "../turns.ts";
import type { Entry } from "./bank.ts";
import { Banks, type Nearest, type Read, Slab } from "./slab.ts";

/** Faces loaded before other work gets a turn: about 10 ms. */
const LOAD_ROWS = 2048;

export interface StoredVector extends Entry {
  vector: Float32Array;
}

/** The storage the gallery mirrors. Both calls are synchronous: they see what has been committed, and nothing else. */
export interface GallerySource {
  /** Up to `limit` faces of the gallery with a slot above `after`, by slot. */
  page(gallery: number, after: number, limit: number): StoredVector[];
  read: Read;
}

interface Held {
  slab: Slab;
  /** Faces up to this slot are in the slab; Infinity once all are. */
  loadedTo: number;
  ready: Promise<void>;
}

/**
 * Exact search in memory, one slab for each gallery, loaded when it is first searched. Never stale: `add` and `remove`
 * are called in the turn of the commit they mirror.
 */
export class Gallery {
  readonly #source: GallerySource;
  readonly #banks = new Banks();
  readonly #held = new Map<number, Held>();

  constructor(source: GallerySource) {
    this.#source = source;
  }

  async nearest(gallery: number, probe: Float32Array, k: number): Promise<Nearest[]> {
    const held = this.#held.get(gallery) ?? this.#load(gallery);
    await held.ready;
    return held.slab.nearest(probe, k, this.#source.read);
  }

  /** Loads its faces now rather than at its first search. */
  async warm(gallery: number): Promise<void> {
    await (this.#held.get(gallery) ?? this.#load(gallery)).ready;
  }

  add(gallery: number, faces: readonly StoredVector[]): void {
    const held = this.#held.get(gallery);
    if (!held) return;
    try {
      for (const face of faces) {
        // A slot ahead of the loading will be met by it.
        if (face.slot <= held.loadedTo) held.slab.add(face, face.vector);
      }
    } catch {
      // Out of memory after the commit: half a slab must not answer. The next search loads it again, or says why not.
      this.#held.delete(gallery);
      held.slab.clear();
    }
  }

  remove(gallery: number, slots: readonly number[]): void {
    this.#held.get(gallery)?.slab.remove(slots);
  }

  close(): void {
    for (const { slab } of this.#held.values()) slab.clear();
    this.#held.clear();
  }

  #load(gallery: number): Held {
    const held: Held = { slab: new Slab(this.#banks), loadedTo: -1, ready: Promise.resolve() };
    this.#held.set(gallery, held);
    held.ready = this.#fill(gallery, held).catch((error: unknown) => {
      if (this.#held.get(gallery) === held) this.#held.delete(gallery);
      held.slab.clear();
      throw error;
    });
    return held;
  }

  async #fill(gallery: number, held: Held): Promise<void> {
    for (;;) {
      const page = this.#source.page(gallery, held.loadedTo, LOAD_ROWS);
      for (const face of page) held.slab.add(face, face.vector);
      held.loadedTo = page.length < LOAD_ROWS ? Infinity : page.at(-1)!.slot;
      if (held.loadedTo === Infinity) return;
      await nextTurn();
    }
  }
}
