/** Alignment, embedding network and calibration as one versioned thing. Vectors of two of them are never compared. */
export interface Recogniser {
  /** Network, alignment, and a number that grows with whatever else changes its embeddings. */
  id: string;
  /** Values of an embedding. */
  dimension: number;
}

export const recogniser: Recogniser = { id: "sface-2021dec.mesh468.1", dimension: 128 };
