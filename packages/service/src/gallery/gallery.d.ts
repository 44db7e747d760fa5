import type { Entry } from "./bank.ts";
import { type Nearest } from "./slab.ts";
export interface StoredVector extends Entry {
    vector: Float32Array;
}
/** The storage the gallery mirrors. Both calls are synchronous: they see what has been committed, and nothing else. */
export interface GallerySource {
    /** Up to `limit` faces of the account with a slot above `after`, by slot. */
    page(account: number, after: number, limit: number): StoredVector[];
    /** The vector in a slot; the view is good until the next call. */
    read(slot: number): Float32Array;
}
/**
 * Exact search in memory, one slab per account, loaded when the account first searches. Never stale: `add` and `remove`
 * are called in the turn of the commit they mirror.
 */
export declare class Gallery {
    #private;
    constructor(source: GallerySource);
    nearest(account: number, probe: Float32Array, k: number): Promise<Nearest[]>;
    /** Loads the account's faces now rather than at its first search. */
    warm(account: number): Promise<void>;
    add(account: number, faces: readonly StoredVector[]): void;
    remove(account: number, slots: readonly number[]): void;
    close(): void;
}
