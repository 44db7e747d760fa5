/**
 * A worker of several, in a process of its own: `node worker.ts '{"url":…}'`. Says `ready`, then claims jobs between the
 * lines `start` and `stop` of its input, answering each with the same word.
 */
import { createInterface } from "node:readline";
import { createEngine, imageBounds, type Engine } from "@prosopon/engine";
import { createService, openLocalBlobs } from "@prosopon/service";
import { openPostgresStorage } from "@prosopon/service/postgres";
import { createThreads } from "../../packages/engine/src/threads/pool.ts";
import { recogniser } from "../lib/embedding.ts";

export interface WorkerOptions {
  url: string;
  blobs: string;
  threads: number;
  /** Pretends to analyse for so long, as if the threads ran on a machine of their own; the real engine without it. */
  pretendMs?: number;
}

/** The engine's threads, but each stage sleeps. */
function pretended(threads: number, ms: number): Engine {
  process.env.PRETEND_MS = String(ms);
  const pool = createThreads(new URL("pretend-thread.ts", import.meta.url), threads, imageBounds());
  return {
    analyse: (image, options = {}) => pool.run(image, options),
    warm: () => Promise.resolve({ cosine: 1, elapsedMs: 0 }),
    info: () => ({ models: [], recogniser, threads, bounds: imageBounds() }),
    close: () => pool.close(),
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
