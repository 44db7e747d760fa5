import { nextTurn } from "../turns.ts";
import { Bank, CHUNK_ROWS, type Entry } from "./bank.ts";
import { Leaders } from "./leaders.ts";
import { exactProduct, type Query, quantiseQuery } from "./quantise.ts";

/** Rows scanned before other work gets a turn: about 40 ms at most. */
const YIELD_ROWS = 2_000_000;
/** What a row that cannot be ruled out costs, in rows that can: among many faces alike there are many of them. */
const HIT_ROWS = 20;
/** Vectors compared exactly before other work gets a turn: about 10 ms. */
const YIELD_VECTORS = 2_000;
/** So many are taken best first; more, since sorting them takes a turn too long, as they come. */
const SORTED = 10_000;
/** Scans begun anew because a removal moved rows meanwhile; the next one goes through without a pause. */
const MAX_RESTARTS = 3;
/** Up to here removals look each slot up (0.3 ms in a million); beyond, one pass finds them all. */
const LOOKUPS = 16;

/** Where slabs get their chunks: banks of 4 GiB, opened as they fill, for each dimension of their own. */
export class Banks {
  readonly #banks = new Map<number, Bank[]>();

  take(dimension: number): Chunk {
    const banks = this.#banks.get(dimension) ?? [];
    this.#banks.set(dimension, banks);
    for (const bank of banks) {
      const address = bank.take();
      if (address !== undefined) return { bank, address };
    }
    const bank = new Bank(dimension);
    banks.push(bank);
    return { bank, address: bank.take()! };
  }
}

interface Chunk {
  bank: Bank;
  address: number;
}

export interface Nearest extends Entry {
  /** In double precision over the stored vector. */
  product: number;
}

/** The faces of one gallery, which are vectors of one dimension, quantised, in chunks: it grows without being copied, and rows lie without gaps. */
export class Slab {
  readonly #banks: Banks;
  readonly #chunks: Chunk[] = [];
  readonly #yieldRows: number;
  #size = 0;
  /** Changes when rows move. */
  #removals = 0;

  constructor(banks: Banks, yieldRows = YIELD_ROWS) {
    this.#banks = banks;
    this.#yieldRows = yieldRows;
  }

  get size(): number {
    return this.#size;
  }

  add(entry: Entry, vector: Float32Array): void {
    const row = this.#size % CHUNK_ROWS;
    if (row === 0) this.#chunks.push(this.#banks.take(vector.length));
    const chunk = this.#chunks.at(-1)!;
    chunk.bank.write(chunk.address, row, vector, entry);
    this.#size++;
  }

  /** Slots that are not there are ignored. */
  remove(slots: readonly number[]): void {
    this.#removals++;
    if (slots.length <= LOOKUPS) {
      for (const slot of slots) this.#removeAt(this.#positionOf(slot));
      return;
    }
    const gone = new Set(slots);
    // From the end: the row that fills a gap has been looked at already.
    for (let position = this.#size - 1; position >= 0; position--) {
      const { bank, address } = this.#chunks[Math.floor(position / CHUNK_ROWS)]!;
      if (gone.has(bank.slot(address, position % CHUNK_ROWS))) this.#removeAt(position);
    }
  }

  /** Wipes all and gives the memory back. */
  clear(): void {
    this.#removals++;
    this.#size = 0;
    for (const { bank, address } of this.#chunks.splice(0)) bank.give(address);
  }

  /**
   * The `k` nearest identities by their best face, exactly as a double-precision scan of all vectors would rank them.
   * First every row is bounded from its codes; the k-th best lower bound of distinct identities rules out the rows
   * whose upper bound stays below it. The others are then computed from the stored vectors (`read`), best bound first. What is
   * removed meanwhile is left out.
   */
  async nearest(probe: Float32Array, k: number, read: Read): Promise<Nearest[]> {
    if (k < 1) return [];
    const query = quantiseQuery(probe);
    return this.#scanned(query, k, (possible) => rank(possible, query, k, read));
  }

  /** The rows among which the `k` nearest identities are, for a storage that reads vectors asynchronously. */
  async candidates(probe: Float32Array, k: number): Promise<Entry[]> {
    return k < 1 ? [] : this.#scanned(quantiseQuery(probe), k, (possible) => possible);
  }

  async #scanned<T>(query: Query, k: number, use: (possible: Candidate[]) => T | Promise<T>): Promise<T> {
    for (let restarts = 0; ; restarts++) {
      const possible = await this.#scan(query, k, restarts < MAX_RESTARTS);
      if (possible) return use(possible);
    }
  }

  /** Undefined when rows moved during a pause. */
  async #scan(query: Query, k: number, pause: boolean): Promise<Candidate[] | undefined> {
    const removals = this.#removals;
    const bounds = new Leaders(k);
    const candidates: Candidate[] = [];
    let scanned = 0;
    for (let index = 0; index * CHUNK_ROWS < this.#size; index++) {
      if (pause && scanned >= this.#yieldRows) {
        scanned = 0;
        await nextTurn();
        if (this.#removals !== removals) return undefined;
      }
      const chunk = this.#chunks[index]!;
      const rows = Math.min(CHUNK_ROWS, this.#size - index * CHUNK_ROWS);
      scanned += rows;
      chunk.bank.scan(chunk.address, rows, query, bounds.threshold, (row, value, error) => {
        scanned += HIT_ROWS;
        if (value + error < bounds.threshold) return;
        const identity = chunk.bank.identity(chunk.address, row);
        const slot = chunk.bank.slot(chunk.address, row);
        bounds.offer(identity, slot, value - error);
        candidates.push({ identity, slot, bound: value + error });
      });
    }
    return candidates.filter((candidate) => candidate.bound >= bounds.threshold);
  }

  #positionOf(slot: number): number {
    for (const [index, { bank, address }] of this.#chunks.entries()) {
      const rows = Math.min(CHUNK_ROWS, this.#size - index * CHUNK_ROWS);
      const row = bank.rowOf(address, rows, slot);
      if (row >= 0) return index * CHUNK_ROWS + row;
    }
    return -1;
  }

  /** The last row fills the gap and is wiped where it was. */
  #removeAt(position: number): void {
    if (position < 0) return;
    const last = this.#chunks.at(-1)!;
    const lastRow = --this.#size % CHUNK_ROWS;
    const target = this.#chunks[Math.floor(position / CHUNK_ROWS)]!;
    if (position !== this.#size) {
      target.bank.copy(last.bank, last.address, lastRow, target.address, position % CHUNK_ROWS);
    }
    last.bank.wipe(last.address, lastRow);
    if (lastRow === 0) last.bank.give(this.#chunks.pop()!.address);
  }
}

interface Candidate extends Entry {
  /** No less than the exact product. */
  bound: number;
}

/** The vector in a slot, good until the next call; undefined when the identity no longer has it there. */
export type Read = (slot: number, identity: number) => Float32Array | undefined;

async function rank(candidates: Candidate[], query: Query, k: number, read: Read): Promise<Nearest[]> {
  const sorted = candidates.length <= SORTED;
  if (sorted) candidates.sort((a, b) => b.bound - a.bound);
  const best = new Leaders(k);
  let compared = 0;
  for (const { identity, slot, bound } of candidates) {
    if (bound < best.threshold) {
      if (sorted) break;
      continue;
    }
    if (++compared % YIELD_VECTORS === 0) await nextTurn();
    const vector = read(slot, identity);
    if (vector) best.offer(identity, slot, exactProduct(vector, query.vector));
  }
  return best.entries.map(({ identity, slot, value }) => ({ identity, slot, product: value }));
}
