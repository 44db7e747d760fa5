/**
 * `node server.ts DIRECTORY`: does what waits in a data directory, and says what happens. Its engine is a fault: an image
 * that ends with BOMB kills the process that looks at it, as a crash of native code would. Apart it kills another process, and
 * the engine says so (packages/engine/test/apart.test.ts). All images take a moment, so that several are in work at once.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { imageBounds, ImageError, type Engine } from "@prosopon/engine";
import { createService, openLocalBlobs } from "../../src/index.ts";
import { openSqliteStorage } from "../../src/sqlite.ts";

const [directory = ""] = process.argv.slice(2);
const quality = {
  score: 1,
  size: 99,
  sharpness: 1,
  exposure: 1,
  pose: { yaw: 0, pitch: 0, roll: 0 },
  reasons: [],
};
const point = { x: 1, y: 1 };
const landmarks = { leftEye: point, rightEye: point, nose: point, leftMouth: point, rightMouth: point };
const face = {
  box: { x: 1, y: 1, width: 9, height: 9 },
  landmarks,
  confidence: 1,
  quality,
  principal: true,
  embedding: { recogniser: "pretend.1", values: new Float32Array(128).fill(Math.SQRT1_2 / 8) },
};
const engine: Engine = {
  async analyse(image, { apart = false } = {}) {
    console.log("in work");
    const bytes = await readFile((image as { path: string }).path);
    await sleep(100);
    if (bytes.subarray(-4).toString() === "BOMB") {
      if (apart) throw new ImageError("fatal", "The process ended over it.");
      process.kill(process.pid, "SIGKILL");
      await sleep(60_000);
    }
    return { width: 9, height: 9, faces: [face] };
  },
  warm: async () => ({ cosine: 1, elapsedMs: 1 }),
  info: () => ({
    models: [],
    recogniser: {
      id: "pretend.1",
      dimension: 128,
      calibration: {
        recognized: 0.4,
        listed: 0.3,
        falseMatchRates: [
          [0.4, 1e-3],
          [0.3, 1e-2],
        ],
      },
    },
    threads: 2,
    bounds: imageBounds(),
  }),
  close: async () => {},
};

const storage = await openSqliteStorage({ directory });
storage.events.listen(({ jobId, status }) => console.log(`${jobId} ${status}`));
createService({ storage, blobs: await openLocalBlobs(join(directory, "blobs")), engine });
