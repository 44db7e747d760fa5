import { kernelBase64 } from "./kernel.generated.ts";
import { quantise, type Query, widthOf } from "./quantise.ts";

/** Faces of one chunk: 72 KiB at 128 dimensions, so that a gallery of one face costs no more, and a million need 2,000 calls of the kernel. */
export const CHUNK_ROWS = 512;

// Layout of a bank, known to assembly/scan.ts too: query, hits, then chunks.
const QUERY = 0;
const HIT_ROWS = 4096;
const HIT_VALUES = 6144;
const CHUNKS = 12_288;
/** As many as the place of the query takes. */
const MAX_WIDTH = 2_048;

const PAGE_BYTES = 65_536;
/** Growth of the memory: 4 MiB. Growing commits reserved address space; nothing is copied. */
const GROWTH_PAGES = 64;
/** 4 GiB, the most a WebAssembly memory can be: about 29 million faces of 128 dimensions a bank. */
const MAX_PAGES = 65_536;

type Scan = (
  chunk: number,
  rows: number,
  width: number,
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

/** One WebAssembly memory with the kernel over it, for vectors of one dimension. Chunks are named by their address; those of all galleries share it. */
export class Bank {
  readonly #memory = new WebAssembly.Memory({ initial: GROWTH_PAGES, maximum: MAX_PAGES });
  readonly #scan: Scan;
  readonly #free: number[] = [];
  // Layout of a chunk: int8 codes, then float32 scales and residuals, then uint32 slots and identities.
  readonly #width: number;
  readonly #scales: number;
  readonly #residuals: number;
  readonly #slots: number;
  readonly #identities: number;
  readonly #chunkBytes: number;
  #next = CHUNKS;
  #int8 = new Int8Array(0);
  #uint32 = new Uint32Array(0);
  #float32 = new Float32Array(0);

  /** @throws RangeError above 2,048 dimensions */
  constructor(dimension: number) {
    this.#width = widthOf(dimension);
    if (this.#width > MAX_WIDTH)
      throw new RangeError(`Vectors of ${dimension} dimensions cannot be scanned.`);
    this.#scales = CHUNK_ROWS * this.#width;
    this.#residuals = this.#scales + CHUNK_ROWS * 4;
    this.#slots = this.#residuals + CHUNK_ROWS * 4;
    this.#identities = this.#slots + CHUNK_ROWS * 4;
    this.#chunkBytes = this.#identities + CHUNK_ROWS * 4;
    this.#scan = new WebAssembly.Instance(kernel, { env: { memory: this.#memory } }).exports.scan as Scan;
    this.#view();
  }

  get #columns(): number[] {
    return [this.#scales, this.#residuals, this.#slots, this.#identities];
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
    if (this.#next + this.#chunkBytes > this.#int8.length) {
      const pages = this.#int8.length / PAGE_BYTES;
      const growth = Math.min(GROWTH_PAGES, MAX_PAGES - pages);
      if (growth * PAGE_BYTES < this.#chunkBytes) return undefined;
      this.#memory.grow(growth);
      this.#view();
    }
    const address = this.#next;
    this.#next += this.#chunkBytes;
    return address;
  }

  /** Wipes the chunk and takes it back. */
  give(chunk: number): void {
    this.#int8.fill(0, chunk, chunk + this.#chunkBytes);
    this.#free.push(chunk);
  }

  write(chunk: number, row: number, vector: Float32Array, entry: Entry): void {
    const codes = chunk + row * this.#width;
    const { scale, residual } = quantise(vector, this.#int8.subarray(codes, codes + this.#width));
    this.#float32[(chunk + this.#scales) / 4 + row] = scale;
    this.#float32[(chunk + this.#residuals) / 4 + row] = residual;
    this.#uint32[(chunk + this.#slots) / 4 + row] = entry.slot;
    this.#uint32[(chunk + this.#identities) / 4 + row] = entry.identity;
  }

  /** Copies a row of any bank over a row of this one. */
  copy(from: Bank, source: number, sourceRow: number, target: number, targetRow: number): void {
    const codes = source + sourceRow * this.#width;
    this.#int8.set(from.#int8.subarray(codes, codes + this.#width), target + targetRow * this.#width);
    for (const column of this.#columns) {
      this.#uint32[(target + column) / 4 + targetRow] = from.#uint32[(source + column) / 4 + sourceRow]!;
    }
  }

  /** Overwrites a row with zeros: a deleted template leaves no trace in memory either. */
  wipe(chunk: number, row: number): void {
    const codes = chunk + row * this.#width;
    this.#int8.fill(0, codes, codes + this.#width);
    for (const column of this.#columns) this.#uint32[(chunk + column) / 4 + row] = 0;
  }

  slot(chunk: number, row: number): number {
    return this.#uint32[(chunk + this.#slots) / 4 + row]!;
  }

  identity(chunk: number, row: number): number {
    return this.#uint32[(chunk + this.#identities) / 4 + row]!;
  }

  /** Row of the slot among the first `rows`, or -1. */
  rowOf(chunk: number, rows: number, slot: number): number {
    const start = (chunk + this.#slots) / 4;
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
    new Int16Array(this.#memory.buffer, QUERY, this.#width).set(query.codes);
    const hits = this.#scan(chunk, rows, this.#width, query.unit, query.codeError, query.norm, threshold);
    if (hits === 0) return;
    const hitRows = new Uint32Array(this.#memory.buffer, HIT_ROWS, hits);
    const values = new Float64Array(this.#memory.buffer, HIT_VALUES, hits);
    for (let i = 0; i < hits; i++) {
      const row = hitRows[i]!;
      const scale = this.#float32[(chunk + this.#scales) / 4 + row]!;
      const residual = this.#float32[(chunk + this.#residuals) / 4 + row]!;
      hit(row, values[i]!, scale * query.codeError + residual * query.norm);
    }
  }
}
