import { parentPort } from "node:worker_threads";
import { analyse, type Sessions } from "./analyse.ts";
import { detector, embedder, mesh } from "./models.ts";
import { pack, type Reply, type Request } from "./protocol.ts";
import { openSession } from "./sessions/node.ts";

/** One thread: opens its own sessions with the first image and takes one image at a time. */
const port = parentPort;
if (port === null) throw new Error("worker.ts is the engine's thread: use createEngine.");

let sessions: Promise<Sessions> | undefined;
const running = new Map<number, AbortController>();

port.on("message", (request: Request) => {
  if ("abort" in request) running.get(request.id)?.abort();
  else void answer(request).then((reply) => port.postMessage(reply));
});

async function answer({ id, image, options, maxPixels }: Exclude<Request, { abort: true }>): Promise<Reply> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    sessions ??= openSessions();
    const analysis = await analyse(await sessions, image, {
      ...options,
      maxPixels,
      signal: controller.signal,
    });
    return { id, analysis };
  } catch (error) {
    return { id, failure: pack(error) };
  } finally {
    running.delete(id);
  }
}

async function openSessions(): Promise<Sessions> {
  return {
    detector: await openSession(detector),
    mesh: await openSession(mesh),
    embedder: await openSession(embedder),
  };
}
