import type { Face } from "../types.ts";

/** From this quality on a face can be told from others'. */
const CLEAR = 0.15;

/** Whether a face is good enough to be compared; the largest clear one is the principal face of its image. */
export const isClear = ({ quality }: Pick<Face, "quality">): boolean => quality.score >= CLEAR;
