import { type Query } from "./quantise.ts";
/** Faces of one chunk: 72 KiB, so that an account with one face costs no more, and a million need 2,000 calls of the kernel. */
export declare const CHUNK_ROWS = 512;
/** Names one row's holder: the slot of the vector in the storage and the row of its identity, both below 2^32. */
export interface Entry {
    slot: number;
    identity: number;
}
/** One WebAssembly memory with the kernel over it. Chunks are named by their address; those of all accounts share it. */
export declare class Bank {
    #private;
    constructor();
    /** Address of a zeroed chunk; undefined when the bank is full. */
    take(): number | undefined;
    /** Wipes the chunk and takes it back. */
    give(chunk: number): void;
    write(chunk: number, row: number, vector: Float32Array, entry: Entry): void;
    /** Copies a row of any bank over a row of this one. */
    copy(from: Bank, source: number, sourceRow: number, target: number, targetRow: number): void;
    /** Overwrites a row with zeros: a deleted template leaves no trace in memory either. */
    wipe(chunk: number, row: number): void;
    slot(chunk: number, row: number): number;
    identity(chunk: number, row: number): number;
    /** Row of the slot among the first `rows`, or -1. */
    rowOf(chunk: number, rows: number, slot: number): number;
    /**
     * Calls back with every row whose product with the query may reach `threshold`, its approximate product and how far
     * that may be off.
     */
    scan(chunk: number, rows: number, query: Query, threshold: number, hit: (row: number, value: number, error: number) => void): void;
}
