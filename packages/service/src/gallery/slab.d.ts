import { Bank, type Entry } from "./bank.ts";
/** Where slabs get their chunks: banks of 4 GiB, opened as they fill. */
export declare class Banks {
    #private;
    take(): Chunk;
}
interface Chunk {
    bank: Bank;
    address: number;
}
export interface Nearest extends Entry {
    /** In double precision over the stored vector. */
    product: number;
}
/** The faces of one account, quantised, in chunks: it grows without being copied, and rows lie without gaps. */
export declare class Slab {
    #private;
    constructor(banks: Banks);
    get size(): number;
    add(entry: Entry, vector: Float32Array): void;
    /** Slots that are not there are ignored. */
    remove(slots: readonly number[]): void;
    /** Wipes all and gives the memory back. */
    clear(): void;
    /**
     * The `k` nearest identities by their best face, exactly as a double-precision scan of all vectors would rank them.
     * First every row is bounded from its codes; the k-th best lower bound of distinct identities rules out the rows
     * whose upper bound stays below it. The others are then computed from the stored vectors (`read`), best bound first.
     */
    nearest(probe: Float32Array, k: number, read: (slot: number) => Float32Array): Promise<Nearest[]>;
}
export {};
