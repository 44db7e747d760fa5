import { availableParallelism } from "node:os";
import { models } from "@prosopon/models";
import { createThreads } from "./threads.ts";
import type { Engine, EngineOptions } from "./types.ts";
import { recogniseKnownFace } from "./warm.ts";

const MAX_DEFAULT_THREADS = 4;
const DEFAULT_MAX_PIXELS = 100_000_000;
const DIMENSIONS = 128;

// Beside this file in the sources and in the build.
const worker = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

export function createEngine(options: EngineOptions = {}): Engine {
  const threads = options.threads ?? Math.min(availableParallelism(), MAX_DEFAULT_THREADS);
  const maxPixels = options.maxPixels ?? DEFAULT_MAX_PIXELS;
  if (!Number.isInteger(threads) || threads < 1)
    throw new RangeError(`threads must be a whole number >= 1, not ${threads}.`);
  if (!(maxPixels >= 1)) throw new RangeError(`maxPixels must be >= 1, not ${maxPixels}.`);
  const pool = createThreads(worker, threads, maxPixels);
  const analyse: Engine["analyse"] = (image, analyseOptions = {}) => pool.run(image, analyseOptions);
  return {
    analyse,
    warm: () => recogniseKnownFace(analyse),
    info: () => ({
      models: models.map(({ name, role, licence, sha256 }) => ({ name, role, licence, sha256 })),
      dimensions: DIMENSIONS,
      threads,
      maxPixels,
    }),
    close: () => pool.close(),
  };
}
