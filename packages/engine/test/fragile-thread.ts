import { parentPort } from "node:worker_threads";
import type { Reply, Request } from "../src/threads/protocol.ts";

/** A thread for tests: dies of an image named "die", throws at "throw", keeps "wait" until it is aborted, answers the rest with its own id as the width. */
const born = Date.now() + Math.random();
parentPort!.on("message", (request: Request) => {
  if ("abort" in request) {
    const failure = { message: "aborted", stack: undefined, code: undefined };
    return parentPort!.postMessage({ id: request.id, failure } satisfies Reply);
  }
  if (!("image" in request) || request.image instanceof Uint8Array) return;
  if (request.image.path === "die") process.exit(1);
  if (request.image.path === "wait") return;
  if (request.image.path === "throw") throw new Error("out of luck");
  parentPort!.postMessage({
    id: request.id,
    analysis: { width: born, height: 0, faces: [] },
  } satisfies Reply);
});
