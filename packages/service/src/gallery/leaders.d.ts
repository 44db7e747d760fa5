/** The best `k` identities so far by one value each. Equal values rank by the lower identity number: the older one. */
export declare class Leaders {
    readonly k: number;
    readonly entries: {
        identity: number;
        slot: number;
        value: number;
    }[];
    constructor(k: number);
    /** What a newcomer must reach: the k-th value, -Infinity while there are fewer. */
    get threshold(): number;
    /** Linear in k, which is ten or so; entries that cannot matter leave at the first line. */
    offer(identity: number, slot: number, value: number): void;
}
