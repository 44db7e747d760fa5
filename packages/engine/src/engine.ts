import { availableParallelism } from "node:os";
import { models, recogniser } from "@prosopon/models";
import { createApart, NotApartError } from "./threads/apart.ts";
import { imageBounds } from "./inspect/bounds.ts";
import { switchOffTelemetry } from "./telemetry.ts";
import { createThreads } from "./threads/pool.ts";
import type { Engine, EngineOptions } from "./types.ts";
import { recogniseKnownFace } from "./warm.ts";

// With the import, for who loads the library himself after it; again with each engine, for who changes his environment.
switchOffTelemetry();

const MAX_DEFAULT_THREADS = 4;

/** A file that a thread or a process of its own runs: in the build it lies beside this one. */
const entry = (name: string) =>
  new URL(import.meta.url.endsWith(".ts") ? `./threads/${name}.ts` : `./${name}.js`, import.meta.url);

export function createEngine(options: EngineOptions = {}): Engine {
  const threads = options.threads ?? Math.min(availableParallelism(), MAX_DEFAULT_THREADS);
  if (!Number.isInteger(threads) || threads < 1)
    throw new RangeError(`threads must be a whole number >= 1, not ${threads}.`);
  const bounds = imageBounds(options);
  switchOffTelemetry();
  const pool = createThreads(entry("worker"), threads, bounds);
  const suspects = createApart(entry("apart-process"), { ...options, threads: 1 });
  const analyse: Engine["analyse"] = (image, analyseOptions = {}) => {
    if (!analyseOptions.apart) return pool.run(image, analyseOptions);
    return suspects.run(image, analyseOptions).catch((error: unknown) => {
      // Where none can be started (no memory, no further process) most suspects are innocent, and must end some time.
      if (error instanceof NotApartError) return pool.run(image, analyseOptions);
      throw error;
    });
  };
  return {
    analyse,
    warm: () => recogniseKnownFace(analyse),
    info: () => ({
      models: models.map(({ name, role, licence, sha256 }) => ({ name, role, licence, sha256 })),
      recogniser: {
        id: recogniser.id,
        dimension: recogniser.dimension,
        calibration: recogniser.calibration,
      },
      threads,
      bounds,
    }),
    async close() {
      await Promise.all([pool.close(), suspects.close()]);
    },
  };
}
