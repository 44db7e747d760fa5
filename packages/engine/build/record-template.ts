import { glob, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { recogniser } from "@prosopon/models";
import { FIVE_POINT_TEMPLATE, fit } from "../src/pipeline/align.ts";
import { decode } from "../src/decoding/decode.ts";
import { detect } from "../src/pipeline/detect.ts";
import { findMesh, fivePoints } from "../src/pipeline/landmarks.ts";
import { imageBounds } from "../src/inspect/bounds.ts";
import { inspectSource } from "../src/inspect/source.ts";
import { detector, mesh } from "../src/pipeline/models.ts";
import { apply } from "../src/pipeline/pixels.ts";
import { openSession } from "../src/sessions/node.ts";
import type { Point } from "../src/types.ts";

/**
 * Records where the mesh's points lie in SFace's 112 x 112: the mean over many faces, each first brought there by its five
 * points, then by all of them. Geometry only; whose face it is plays no part. Run with a folder of photographs:
 * `node --conditions=@prosopon/source build/record-template.ts DIR`
 */
const folder = process.argv[2];
if (folder === undefined) throw new Error("Name the folder of photographs.");

/** Around the middle of the template; the model answers the longest vectors (it is surest of a face) near this scale. */
const SCALE = 1.03;
const CENTRE = { x: 56, y: 72 };
const ROUNDS = 3;

const runDetector = await openSession(detector);
const runMesh = await openSession(mesh);
const faces: Point[][] = [];
const first: Point[][] = [];
for await (const file of glob("**/*.jpg", { cwd: folder })) {
  const path = join(folder, file);
  const { pixels } = await decode(path, inspectSource({ path }, imageBounds()));
  const [largest] = await detect([pixels], runDetector);
  if (largest === undefined) continue;
  const found = await findMesh([pixels], largest, runMesh);
  if (found.presence < 0.9) continue;
  const { leftEye, rightEye, nose, leftMouth, rightMouth } = fivePoints(found);
  const toTemplate = fit([leftEye, rightEye, nose, leftMouth, rightMouth], FIVE_POINT_TEMPLATE);
  faces.push(found.points);
  first.push(found.points.map((point) => apply(toTemplate, point)));
}

const anchor = mean(first);
let template = anchor;
for (let round = 0; round < ROUNDS; round++) {
  const refined = mean(
    faces.map((points) => {
      const toTemplate = fit(points, template);
      return points.map((point) => apply(toTemplate, point));
    }),
  );
  // Every round may drift or shrink as a whole: the five points say where the frame is.
  const back = fit(refined, anchor);
  template = refined.map((point) => apply(back, point));
}

const scaled = template.map(({ x, y }) => [
  Number(((x - CENTRE.x) * SCALE + CENTRE.x).toFixed(2)),
  Number(((y - CENTRE.y) * SCALE + CENTRE.y).toFixed(2)),
]);
const file = new URL(`../../models/recognisers/${recogniser.id}.json`, import.meta.url);
const manifest = JSON.parse(await readFile(file, "utf8"));
manifest.template = {
  source: `packages/engine/build/record-template.ts, ${faces.length} faces`,
  points: scaled,
};
await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);

function mean(shapes: Point[][]): Point[] {
  return (shapes[0] ?? []).map((_, index) => ({
    x: shapes.reduce((sum, shape) => sum + (shape[index]?.x ?? 0), 0) / shapes.length,
    y: shapes.reduce((sum, shape) => sum + (shape[index]?.y ?? 0), 0) / shapes.length,
  }));
}
