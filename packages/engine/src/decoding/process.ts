import { createWriteStream } from "node:fs";
import { setPriority } from "node:os";
import { collectGarbage } from "../threads/collect.ts";
import { pack } from "../threads/protocol.ts";
import { decode } from "./decode.ts";
import { ALIVE_MS, CLOCK_MS, cpuAllowed, GROWN_BYTES, LEFT_BYTES, LOOK_MS, SLACK_BYTES } from "./limits.ts";
import { type Alive, PIXELS_FD, type DecodeReply, type DecodeRequest } from "./messages.ts";

/**
 * A process that decodes one image at a time, so that a decode can be ended: native code cannot be interrupted from JavaScript,
 * but the main thread is free while it runs, and watches it. What a hostile file breaks is this process alone.
 */
const pixels = createWriteStream("", { fd: PIXELS_FD });
const atRest = process.memoryUsage.rss();
/** As engine threads do: others on the machine, and the server's own answers, go first. */
const NICE = 5;
/** The engine's thread may be busy with a run of a model when it is told. */
const SELF_MS = 500;

if (process.send === undefined) throw new Error("process.ts is a decoder's process: use createEngine.");
if (process.platform === "linux") setPriority(NICE);
// The engine's thread has gone, perhaps killed. Not `exit`, which waits for native code to end.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.on("message", (request: DecodeRequest) => void answer(request));

async function answer(request: DecodeRequest): Promise<void> {
  const stop = watch(request);
  try {
    const { pixels: picture, width, height, scale } = await decode(request.source, request.structure);
    stop();
    pixels.write(picture.data, tidy);
    const grown = process.memoryUsage.rss() - atRest > GROWN_BYTES;
    send({ width, height, scale, pixels: { width: picture.width, height: picture.height }, grown });
  } catch (error) {
    stop();
    send({ failure: pack(error) });
  }
}

/** The pictures are the decoder's own memory, which V8 hardly counts. */
function tidy(): void {
  if (process.memoryUsage().external > LEFT_BYTES) collectGarbage();
}

/** Tells of an overrun, for the other side to end this process; ends it itself should that not come. */
function watch({ structure, bytes }: DecodeRequest): () => void {
  const cpuAtStart = process.cpuUsage();
  const began = performance.now();
  const memory = process.memoryUsage.rss() + bytes + SLACK_BYTES;
  const cpuMs = cpuAllowed(structure);
  let looks = 0;
  const timer = setInterval(() => {
    if (++looks % (ALIVE_MS / LOOK_MS) === 0) send({ alive: true });
    const { user, system } = process.cpuUsage(cpuAtStart);
    const late = (user + system) / 1_000 > cpuMs || performance.now() - began > CLOCK_MS;
    const large = process.memoryUsage.rss() > memory;
    if (!late && !large) return;
    clearInterval(timer);
    send({ overrun: late ? "time" : "memory" });
    setTimeout(() => process.kill(process.pid, "SIGKILL"), SELF_MS);
  }, LOOK_MS);
  return () => clearInterval(timer);
}

function send(reply: DecodeReply | Alive): void {
  process.send?.(reply, undefined, undefined, () => {}); // the other side may be gone
}
