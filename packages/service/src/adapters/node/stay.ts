import type { IncomingMessage, RequestListener } from "node:http";
import type { Socket } from "node:net";

/** How long a caller that has its answer may go on sending, and be silent meanwhile; in docs/protocol.md. */
const STAY_MS = 30_000;
const SILENT_MS = 5_000;
const LOOK_MS = 500;

/**
 * Lets a caller that is still sending read its answer: the connection is closed for writing behind the answer, what still comes
 * is thrown away for a bounded time, and only then is it closed (nginx calls this lingering_close). Node itself closes at
 * once after `Connection: close`, and the reset that follows destroys the answer in the caller's buffer.
 */
export function stayForTheBody(listener: RequestListener): RequestListener {
  const latest = new WeakMap<Socket, IncomingMessage>();
  return (request, response) => {
    const { socket } = request;
    if (!latest.has(socket)) closeLater(socket, () => latest.get(socket));
    latest.set(socket, request);
    response.once("finish", () => {
      if (!request.complete) watch(request);
    });
    listener(request, response);
  };
}

/** Node ends the connection of a last answer by `destroySoon`; with a body under way that is only half of an end. */
function closeLater(socket: Socket, latest: () => IncomingMessage | undefined): void {
  const destroySoon = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    const request = latest();
    if (request === undefined || request.complete || socket.destroyed) return destroySoon();
    socket.end();
    request.once("end", destroySoon);
  };
}

/** Whoever reads the body reads on, or Node throws it away; this only bounds it. */
function watch(request: IncomingMessage): void {
  const { socket } = request;
  const begun = performance.now();
  let last = { bytes: socket.bytesRead, at: begun };
  const timer = setInterval(() => {
    const now = performance.now();
    if (request.complete || socket.destroyed) return clearInterval(timer);
    if (socket.bytesRead !== last.bytes) last = { bytes: socket.bytesRead, at: now };
    if (now - begun < STAY_MS && now - last.at < SILENT_MS) return;
    clearInterval(timer);
    socket.destroy();
  }, LOOK_MS);
  timer.unref();
}
