import manifest from "../recognisers/sface-2021dec.mesh468.1.json" with { type: "json" };

/** How often two different people come so near by a recogniser, and where the two thresholds of the documented API stand. */
export interface Calibration {
  /** The command and the data that measured it. */
  source: string;
  /** Cosines at the scores 0.95 and 0.85. */
  recognized: number;
  listed: number;
  /** By falling cosine: the cosine, and the measured false-match rate of one comparison, 0..1. Both thresholds are among them. */
  falseMatchRates: [cosine: number, rate: number][];
}

/**
 * Alignment, embedding network and calibration as one versioned thing, described by a manifest beside the weights. Vectors of
 * two recognisers are never compared.
 */
export interface Recogniser {
  /** Network, alignment, and a number that grows with whatever else changes its embeddings. */
  id: string;
  /** Values of an embedding. */
  dimension: number;
  /** SPDX expression. */
  licence: string;
  /** What the network takes: pixels, their layout, and the range of their values. */
  input: { width: number; height: number; layout: string; range: [least: number, most: number] };
  calibration: Calibration;
  /** Lengths of the network's answer before it is normalised: at or below the first a face tells nothing of whom it shows, from the second on it is good. */
  lengths: { source: string; bounds: [worthless: number, good: number] };
  /** Where each of the 468 points of the face mesh is brought, pixels of the input; and what recorded them. */
  template: { source: string; points: [x: number, y: number][] };
}

// JSON has no tuples: the test of the manifest says that its pairs are pairs.
export const recogniser = manifest as unknown as Recogniser;
