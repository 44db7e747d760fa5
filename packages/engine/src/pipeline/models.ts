import { detection, embedding, landmarks, type Model, recogniser } from "@prosopon/models";

/** What each graph takes and gives; the weights themselves are in @prosopon/models. */
export interface Graph {
  model: Model;
  input: string;
  /** Batch first, without it the shape of one image. */
  shape: number[];
}

/** RGB -1..1, channels last. Answers 896 scores (logits) and 16 offsets each, in pixels of the 256 from a cell's centre. */
export const detector: Graph = { model: detection, input: "input:0", shape: [256, 256, 3] };

/** RGB 0..1, channels first. Answers `mesh`, 468 x (x, y, depth) in pixels of the 192, and `presence` 0..1. */
export const mesh: Graph = { model: landmarks, input: "input", shape: [3, 192, 192] };

/** RGB 0..255, channels first; normalises by itself. Answers `fc1`, as many values as the recogniser has dimensions, of any length. */
export const embedder: Graph = {
  model: embedding,
  input: "data",
  shape: [3, recogniser.input.height, recogniser.input.width],
};
