/**
 * A worker of several, in a process of its own: `node worker.ts '{"url":…}'`. Says `ready`, then claims jobs between the
 * lines `start` and `stop` of its input, answering each with the same word.
 */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { createEngine, type Analysis, type Engine } from "@prosopon/engine";
import { createService, openLocalBlobs, openPostgresStorage } from "@prosopon/service";

export interface WorkerOptions {
  url: string;
  blobs: string;
  threads: number;
  /** Pretends to analyse for so long, as if the threads ran on a machine of their own; the real engine without it. */
  pretendMs?: number;
}

/** So many places of a fixed time each, in the order of calls. */
function pretended(threads: number, ms: number): Engine {
  const embedding = new Float32Array(128).fill(1 / Math.sqrt(128));
  const box = { x: 0, y: 0, width: 1, height: 1 };
  const [point, pose] = [
    { x: 0, y: 0 },
    { yaw: 0, pitch: 0, roll: 0 },
  ];
  const landmarks = { leftEye: point, rightEye: point, nose: point, leftMouth: point, rightMouth: point };
  const quality = { score: 1, size: 1, sharpness: 1, exposure: 1, pose, reasons: [] };
  const face = { box, landmarks, confidence: 1, quality, principal: true, embedding };
  const places = Array.from({ length: threads }, () => Promise.resolve());
  return {
    async analyse(): Promise<Analysis> {
      const place = places.shift()!;
      const done = place.then(() => sleep(ms));
      places.push(done);
      await done;
      return { width: 1, height: 1, faces: [face] };
    },
    warm: () => Promise.resolve({ cosine: 1, elapsedMs: 0 }),
    info: () => ({ models: [], dimensions: 128, threads, maxPixels: 1 }),
    close: () => Promise.resolve(),
  };
}

if (import.meta.main) {
  const { url, blobs, threads, pretendMs } = JSON.parse(process.argv[2] ?? "") as WorkerOptions;
  const storage = await openPostgresStorage({ url });
  const engine = pretendMs === undefined ? createEngine({ threads }) : pretended(threads, pretendMs);
  const store = await openLocalBlobs(blobs);
  const service = createService({ storage, blobs: store, engine, role: "worker" });
  await service.ready();
  await service.worker.stop();
  console.log("ready");
  for await (const line of createInterface(process.stdin)) {
    if (line === "start") service.worker.start();
    else await service.worker.stop();
    console.log(line);
  }
  await service.close();
  await engine.close();
  await store.close();
  await storage.close();
}
