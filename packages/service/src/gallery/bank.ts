import { kernelBase64 } from "./kernel.generated.ts";
import { DIMENSION, quantise, type Query } from "./quantise.ts";

/** Faces of one chunk: 72 KiB, so that an account with one face costs no more, and a million need 2,000 calls of the kernel. */
export const CHUNK_ROWS = 512;

// Layout of a bank, known to assembly/scan.ts too: query, hits, then chunks.
const QUERY = 0;
const HIT_ROWS = 1024;
const HIT_VALUES = 4096;
const CHUNKS = 8192;
// Layout of a chunk: int8 codes, then float32 scales and residuals, then uint32 slots and identities.
const SCALES = CHUNK_ROWS * DIMENSION;
const RESIDUALS = SCALES + CHUNK_ROWS * 4;
const SLOTS = RESIDUALS + CHUNK_ROWS * 4;
const IDENTITIES = SLOTS + CHUNK_ROWS * 4;
const CHUNK_BYTES = IDENTITIES + CHUNK_ROWS * 4;

const PAGE_BYTES = 65_536;
/** Growth of the memory: 4 MiB. Growing commits reserved address space; nothing is copied. */
const GROWTH_PAGES = 64;
/** 4 GiB, the most a WebAssembly memory can be: about 29 million faces a bank. */
const MAX_PAGES = 65_536;

type Scan = (
  chunk: number,
  rows: number,
  unit: number,
  codeError: number,
  norm: number,
  threshold: number,
) => number;

const kernel = new WebAssembly.Module(Buffer.from(kernelBase64, "base64"));

/** Names one row's holder: the slot of the vector in the storage and the row of its identity, both below 2^32. */
export interface Entry {
  slot: number;
  identity: number;
}

/** One WebAssembly memory with the kernel over it. Chunks are named by their address; those of all accounts share it. */
export class Bank {
  readonly #memory = new WebAssembly.Memory({ initial: GROWTH_PAGES, maximum: MAX_PAGES });
  readonly #scan: Scan;
  readonly #free: number[] = [];
  #next = CHUNKS;
  #int8 = new Int8Array(0);
  #uint32 = new Uint32Array(0);
  #float32 = new Float32Array(0);

  constructor() {
    this.#scan = new WebAssembly.Instance(kernel, { env: { memory: this.#memory } }).exports.scan as Scan;
    this.#view();
  }

  /** Growing detaches the old buffer, so every view is made anew. */
  #view(): void {
    const { buffer } = this.#memory;
    this.#int8 = new Int8Array(buffer);
    this.#uint32 = new Uint32Array(buffer);
    this.#float32 = new Float32Array(buffer);
  }

  /** Address of a zeroed chunk; undefined when the bank is full. */
  take(): number | undefined {
    const used = this.#free.pop();
    if (used !== undefined) return used;
    if (this.#next + CHUNK_BYTES > this.#int8.length) {
      const pages = this.#int8.length / PAGE_BYTES;
      const growth = Math.min(GROWTH_PAGES, MAX_PAGES - pages);
      if (growth * PAGE_BYTES < CHUNK_BYTES) return undefined;
      this.#memory.grow(growth);
      this.#view();
    }
    const address = this.#next;
    this.#next += CHUNK_BYTES;
    return address;
  }

  /** Wipes the chunk and takes it back. */
  give(chunk: number): void {
    this.#int8.fill(0, chunk, chunk + CHUNK_BYTES);
    this.#free.push(chunk);
  }

  write(chunk: number, row: number, vector: Float32Array, entry: Entry): void {
    const codes = chunk + row * DIMENSION;
    const { scale, residual } = quantise(vector, this.#int8.subarray(codes, codes + DIMENSION));
    this.#float32[(chunk + SCALES) / 4 + row] = scale;
    this.#float32[(chunk + RESIDUALS) / 4 + row] = residual;
    this.#uint32[(chunk + SLOTS) / 4 + row] = entry.slot;
    this.#uint32[(chunk + IDENTITIES) / 4 + row] = entry.identity;
  }

  /** Copies a row of any bank over a row of this one. */
  copy(from: Bank, source: number, sourceRow: number, target: number, targetRow: number): void {
    const codes = source + sourceRow * DIMENSION;
    this.#int8.set(from.#int8.subarray(codes, codes + DIMENSION), target + targetRow * DIMENSION);
    for (const column of [SCALES, RESIDUALS, SLOTS, IDENTITIES]) {
      this.#uint32[(target + column) / 4 + targetRow] = from.#uint32[(source + column) / 4 + sourceRow]!;
    }
  }

  /** Overwrites a row with zeros: a deleted template leaves no trace in memory either. */
  wipe(chunk: number, row: number): void {
    const codes = chunk + row * DIMENSION;
    this.#int8.fill(0, codes, codes + DIMENSION);
    for (const column of [SCALES, RESIDUALS, SLOTS, IDENTITIES]) this.#uint32[(chunk + column) / 4 + row] = 0;
  }

  slot(chunk: number, row: number): number {
    return this.#uint32[(chunk + SLOTS) / 4 + row]!;
  }

  identity(chunk: number, row: number): number {
    return this.#uint32[(chunk + IDENTITIES) / 4 + row]!;
  }

  /** Row of the slot among the first `rows`, or -1. */
  rowOf(chunk: number, rows: number, slot: number): number {
    const start = (chunk + SLOTS) / 4;
    return this.#uint32.subarray(start, start + rows).indexOf(slot);
  }

  /**
   * Calls back with every row whose product with the query may reach `threshold`, its approximate product and how far
   * that may be off.
   */
  scan(
    chunk: number,
    rows: number,
    query: Query,
    threshold: number,
    hit: (row: number, value: number, error: number) => void,
  ): void {
    new Int16Array(this.#memory.buffer, QUERY, DIMENSION).set(query.codes);
    const hits = this.#scan(chunk, rows, query.unit, query.codeError, query.norm, threshold);
    if (hits === 0) return;
    const hitRows = new Uint32Array(this.#memory.buffer, HIT_ROWS, hits);
    const values = new Float64Array(this.#memory.buffer, HIT_VALUES, hits);
    for (let i = 0; i < hits; i++) {
      const row = hitRows[i]!;
      const scale = this.#float32[(chunk + SCALES) / 4 + row]!;
      const residual = this.#float32[(chunk + RESIDUALS) / 4 + row]!;
      hit(row, values[i]!, scale * query.codeError + residual * query.norm);
    }
  }
}
