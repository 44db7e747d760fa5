import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { refuse, refuseSocket } from "./refuse.ts";

/** How long a caller whose bytes were no request may take to read that. */
const READ_MS = 2_000;

const PROBLEMS: Record<string, [status: number, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, "the headers are too large: send fewer or shorter ones"],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "the chunk extensions are too large: send none"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "the headers did not come in time: send the request again"],
};
const MALFORMED: [number, string] = [
  400,
  "what was sent is not HTTP/1.1: check the request line and headers",
];

/** Node answers these itself, without a body; every error of ours has the documented one. */
export function answerProtocolErrors(server: Server): void {
  const refused = new WeakSet<Duplex>();
  const open = new WeakMap<Duplex, Map<IncomingMessage, ServerResponse>>();

  server.prependListener("request", (request, response) => {
    const { socket } = request;
    const answers = open.get(socket) ?? new Map<IncomingMessage, ServerResponse>();
    open.set(socket, answers.set(request, response));
    response.once("close", () => answers.delete(request));
  });
  server.on("checkExpectation", (_request, response) =>
    refuse(response, 417, "the only expectation that is met is 100-continue"),
  );
  server.on("connect", (_request, socket) =>
    refuseSocket(socket, 405, "this is no proxy: CONNECT is not met"),
  );
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (refused.has(socket)) return; // what follows the fault is faulty too
    refused.add(socket);
    if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
    const [status, message] = PROBLEMS[error.code ?? ""] ?? MALFORMED;
    const tell = () => {
      if (!socket.writable) return;
      refuseSocket(socket, status, message);
      const late = setTimeout(() => socket.destroy(), READ_MS);
      socket.once("close", () => clearTimeout(late));
    };
    const answers = [...(open.get(socket) ?? [])];
    // The fault is in this one's body, so that nothing else will end it.
    const broken = answers.findIndex(([request]) => !request.complete);
    if (broken === 0 && !answers[0]![1].headersSent) return tell();
    if (broken >= 0) return void socket.destroy();
    // Requests that came whole before it are answered first: written now, this would be a part of theirs.
    let left = answers.length;
    if (left === 0) return tell();
    for (const [, response] of answers) response.once("close", () => (left -= 1) === 0 && tell());
  });
}
