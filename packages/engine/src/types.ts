import type { ImageBounds } from "./inspect/structure.ts";

/** Encoded JPEG or PNG: its bytes, or the file that holds them. */
export type ImageSource = Uint8Array | { path: string };

/** Pixels of the upright image (EXIF orientation applied); the origin is its top left corner. */
export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  width: number;
  height: number;
}

/** Five points; left and right as the viewer sees them. */
export interface Landmarks {
  leftEye: Point;
  rightEye: Point;
  nose: Point;
  leftMouth: Point;
  rightMouth: Point;
}

export interface Quality {
  /** 0 (unusable) .. 1 (ideal). */
  score: number;
  /** Distance between the eyes, pixels of the upright image. */
  size: number;
  /** 0 (blurred) .. 1 (sharp). */
  sharpness: number;
  /** 0 (black or burnt out) .. 1 (well exposed). */
  exposure: number;
  /** Degrees: yaw > 0 turned to the viewer's right, pitch > 0 looking up, roll > 0 clockwise. */
  pose: { yaw: number; pitch: number; roll: number };
  /** What lowers the score, in words; empty for a good face. */
  reasons: string[];
}

/** A face in numbers: near to those of the same person by the same recogniser, and not comparable with those of any other. */
export interface Embedding {
  /** Id of the recogniser that made it. */
  recogniser: string;
  /** As many as the recogniser has dimensions, L2-normalised. */
  values: Float32Array;
}

export interface Face {
  box: Box;
  landmarks: Landmarks;
  /** Detector's confidence, 0..1. */
  confidence: number;
  quality: Quality;
  /** The face a job should use: the largest clear one. At most one face of an image has it. */
  principal: boolean;
  /** Present for the faces that were asked for. */
  embedding?: Embedding;
  /** 160 x 160 JPEG, metadata stripped; present for the principal face when asked for. */
  crop?: Uint8Array;
}

export interface Analysis {
  /** Upright size, pixels. */
  width: number;
  height: number;
  /** Largest first; empty when no face was found. */
  faces: Face[];
}

export interface AnalyseOptions {
  /** Which faces get an embedding. Default `principal`. */
  embed?: "principal" | "all" | "none";
  /** Also cut a 160 px JPEG of the principal face. Default false. */
  crop?: boolean;
  /**
   * Lower goes first, equals in the order of the calls. An image in work waits between two of its stages (one run of a
   * model, some 10 ms) for one that goes before it. Default 0.
   */
  priority?: number;
  /**
   * Whose image it is. One who has none in work need not wait for others' that have held all threads for a second, whatever
   * their priorities: those wait meanwhile, and then have a second again. Default: nobody's.
   */
  owner?: string;
  /**
   * For an image that may be what ended an earlier process: it is analysed in a process of its own, which has no other meanwhile
   * and which it alone can end. That takes a second more, for its start. Where no
   * process can be started it is analysed as others are. Default false.
   * @throws ImageError `fatal` when the image ended it
   */
  apart?: boolean;
  signal?: AbortSignal;
}

export interface EngineModel {
  name: string;
  role: "detection" | "landmarks" | "embedding";
  licence: string;
  /** SHA-256 of the file that runs, hex. */
  sha256: string;
}

export interface RecogniserInfo {
  /** E.g. `sface-2021dec.mesh468.1`: another alignment or network has another. */
  id: string;
  /** Values of an embedding. */
  dimension: number;
  calibration: Calibration;
}

/** How often a recogniser places two different people that near to each other. */
export interface Calibration {
  /** Cosines at the scores 0.95 (recognised) and 0.85 (listed). */
  recognized: number;
  listed: number;
  /** By falling cosine: the cosine, and the measured false-match rate of one comparison, 0..1. Both thresholds are among them. */
  falseMatchRates: readonly (readonly [cosine: number, rate: number])[];
}

export interface EngineInfo {
  models: EngineModel[];
  /** What makes the embeddings. */
  recogniser: RecogniserInfo;
  /** Worker threads that run inference. */
  threads: number;
  /** The bounds by which `createInspector` judges images. */
  bounds: ImageBounds;
}

export interface WarmReport {
  /** Cosine between the known image's embedding and the recorded one; below 0.999 `warm` rejects. */
  cosine: number;
  /** Milliseconds to load the models and run the recognition. */
  elapsedMs: number;
}

export interface Engine {
  /**
   * Finds, measures and embeds the faces of one image, off the event loop.
   * @throws ImageError when the bytes are not an image this engine accepts.
   * @throws the signal's reason when aborted.
   */
  analyse(image: ImageSource, options?: AnalyseOptions): Promise<Analysis>;
  /** Proves that recognition works: a known image must give its recorded embedding. Safe to call twice. */
  warm(): Promise<WarmReport>;
  info(): EngineInfo;
  /** Ends the threads; work in hand is finished first. */
  close(): Promise<void>;
}

export interface EngineOptions {
  /** Worker threads that run inference, >= 1. Default: number of cores, at most 4. */
  threads?: number;
  /** Refuse JPEGs with more pixels than this, before decoding. Default 250,000,000; PNGs with more than 100,000,000 in any case. */
  maxPixels?: number;
  /**
   * Bytes of memory that decoding may take in all threads together; images wait for it, and one that needs more by itself is
   * refused. >= 64 MiB; default 128 MiB.
   */
  decodeMemory?: number;
}
