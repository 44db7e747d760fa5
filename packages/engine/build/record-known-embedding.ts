import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { knownFace } from "@prosopon/models";
import { createEngine } from "../src/index.ts";

/**
 * Records the embedding that `warm` compares with; to be run when models or alignment change on purpose:
 * `node --conditions=@prosopon/source build/record-known-embedding.ts`
 */
const engine = createEngine({ threads: 1 });
const { faces } = await engine.analyse({ path: fileURLToPath(knownFace.file) });
const embedding = faces.find(({ principal }) => principal)?.embedding?.values;
if (embedding === undefined) throw new Error("No face was found in the known image.");
const lines = Array.from({ length: embedding.length / 8 }, (_, row) =>
  Array.from(embedding.subarray(row * 8, row * 8 + 8), (value) => value.toFixed(5))
    .map(Number)
    .join(", "),
);
await writeFile(
  new URL("../src/known-embedding.ts", import.meta.url),
  `/** Of the principal face in @prosopon/models' known image; written by build/record-known-embedding.ts. */
export const KNOWN_EMBEDDING: number[] = [
${lines.map((line) => `  ${line},`).join("\n")}
];
`,
);
await engine.close();
