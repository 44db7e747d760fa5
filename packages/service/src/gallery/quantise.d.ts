/** Values of an embedding. */
export declare const DIMENSION = 128;
/** Bounds on a stored row: its vector lies within `residual` (Euclidean) of `scale * codes`. */
export interface Quantised {
    scale: number;
    residual: number;
}
/** Writes 128 int8 codes and returns what the bound needs. Any finite vector will do, denormals included. */
export declare function quantise(vector: Float32Array, codes: Int8Array): Quantised;
/** A probe as the kernel takes it. |exact - approximate| <= scale * codeError + residual * norm. */
export interface Query {
    vector: Float32Array;
    codes: Int16Array;
    /** Value of one step of `codes`. */
    unit: number;
    codeError: number;
    norm: number;
}
/**
 * Exact = x.q, with x = scale * codes + r and |r| <= residual, q = unit * queryCodes + e. Then
 * x.q - scale * unit * (codes.queryCodes) = scale * (codes.e) + r.q, and Cauchy-Schwarz bounds both terms.
 */
export declare function quantiseQuery(vector: Float32Array): Query;
/** The product in double precision, summed in order: every product of two float32 is exact. */
export declare function exactProduct(a: Float32Array, b: Float32Array): number;
