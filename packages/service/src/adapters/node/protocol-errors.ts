import type { Server } from "node:http";
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
  const answering = new WeakMap<Duplex, { headersSent: boolean; writableFinished: boolean }>();
  server.prependListener("request", (request, response) => void answering.set(request.socket, response));
  server.on("checkExpectation", (_request, response) =>
    refuse(response, 417, "the only expectation that is met is 100-continue"),
  );
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (refused.has(socket)) return; // what follows the fault is faulty too
    refused.add(socket);
    const begun = answering.get(socket);
    const midAnswer = begun !== undefined && begun.headersSent && !begun.writableFinished;
    if (!socket.writable || error.code === "ECONNRESET" || midAnswer) return void socket.destroy();
    const [status, message] = PROBLEMS[error.code ?? ""] ?? MALFORMED;
    refuseSocket(socket, status, message);
    const late = setTimeout(() => socket.destroy(), READ_MS);
    socket.once("close", () => clearTimeout(late));
  });
}
