import { parentPort } from "node:worker_threads";
import { analyse, type Sessions } from "./analyse.ts";
import { detector, embedder, mesh } from "./models.ts";
import { openSession } from "./sessions/node.ts";
import { giveWay } from "./give-way.ts";
import { serve } from "./serve.ts";

/** One thread: opens its own sessions with the first image. */
if (parentPort === null) throw new Error("worker.ts is the engine's thread: use createEngine.");

let sessions: Promise<Sessions> | undefined;

serve(parentPort, async ({ image, options, maxPixels }, turn) => {
  sessions ??= openSessions();
  const { detector, mesh, embedder } = await sessions;
  await turn.wait();
  const stages: Sessions = {
    detector: (input) => turn.wait().then(() => detector(input)),
    mesh: (input) => turn.wait().then(() => mesh(input)),
    embedder: (input) => turn.wait().then(() => embedder(input)),
  };
  return analyse(stages, image, { ...options, maxPixels, signal: turn.signal });
});

async function openSessions(): Promise<Sessions> {
  const opened = {
    detector: await openSession(detector),
    mesh: await openSession(mesh),
    embedder: await openSession(embedder),
  };
  // After the weights were read: the pool that reads files begins with the first read, and would inherit it.
  giveWay();
  return opened;
}
