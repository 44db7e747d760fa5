import { recogniser } from "@prosopon/models";
import type { Run } from "../sessions/node.ts";
import type { Embedding } from "../types.ts";

export async function embed(aligned: Float32Array, run: Run): Promise<Embedding> {
  const { fc1 = new Float32Array() } = await run(aligned);
  const norm = Math.hypot(...fc1);
  return { recogniser: recogniser.id, values: fc1.map((value) => value / norm) };
}
