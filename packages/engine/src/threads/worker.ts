import { readFile, stat } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { analyse, type Sessions } from "../pipeline/analyse.ts";
import { collectPixels } from "./collect.ts";
import type { Decoded } from "../decoding/decode.ts";
import { createDecoder } from "../decoding/decoder.ts";
import { bytesNeeded } from "../decoding/size.ts";
import { cutOff } from "../inspect/refusals.ts";
import { inspectSource } from "../inspect/source.ts";
import type { ImageBounds, Structure } from "../inspect/structure.ts";
import { detector, embedder, mesh } from "../pipeline/models.ts";
import { openSession } from "../sessions/node.ts";
import { giveWay } from "./give-way.ts";
import { serve, type Memory } from "./serve.ts";
import type { ImageSource } from "../types.ts";

/** One thread: opens its own sessions with the first image. */
if (parentPort === null) throw new Error("worker.ts is the engine's thread: use createEngine.");

let sessions: Promise<Sessions> | undefined;

const decoder = createDecoder(
  new URL(import.meta.url.endsWith(".ts") ? "../decoding/process.ts" : "./decoder.js", import.meta.url),
);

serve(parentPort, async ({ image, options, bounds }, turn, memory) => {
  sessions ??= openSessions();
  const { detector, mesh, embedder } = await sessions;
  await turn.wait();
  const stages: Sessions = {
    detector: (input) => turn.wait().then(() => detector(input)),
    mesh: (input) => turn.wait().then(() => mesh(input)),
    embedder: (input) => turn.wait().then(() => embedder(input)),
  };
  try {
    const picture = await decoded(image, bounds, turn.signal, memory);
    return await analyse(stages, picture, { ...options, signal: turn.signal });
  } finally {
    collectPixels();
  }
});

async function decoded(
  image: ImageSource,
  bounds: ImageBounds,
  signal: AbortSignal,
  memory: Memory,
): Promise<Decoded> {
  const structure = inspectSource(image, bounds);
  const bytes = bytesNeeded(structure);
  await memory.take(bytes);
  try {
    return await decoder.decode(await whole(image, structure), structure, bytes, signal);
  } finally {
    memory.release();
  }
}

/** What the decoder reads: a JPEG that lacks only its end marker gets one. */
async function whole(image: ImageSource, { ended }: Structure): Promise<Uint8Array | string> {
  if (ended) return image instanceof Uint8Array ? image : image.path;
  const bytes = image instanceof Uint8Array ? image : await readBounded(image.path);
  return Buffer.concat([bytes, Uint8Array.of(0xff, 0xd9)]);
}

/** No photo of more bytes lacks its end for another reason than that it was cut off. */
const MAX_UNENDED_BYTES = 128 * 2 ** 20;

async function readBounded(path: string): Promise<Uint8Array> {
  if ((await stat(path)).size > MAX_UNENDED_BYTES) throw cutOff("JPEG");
  return readFile(path);
}

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
