import { STATUS_CODES, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { problemBody, PROBLEM_HEADERS } from "../../http/problem.ts";

/** The documented error body from outside the handlers; the connection ends with it. */
export function refuse(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Record<string, string> = {},
): void {
  const body = problemBody(status, message);
  response.writeHead(status, { ...headers, ...lastHeaders(body) }).end(body);
}

/** The same on a bare socket: what came was no request, or was to leave HTTP. The socket ends after it. */
export function refuseSocket(
  socket: Duplex,
  status: number,
  message: string,
  headers: Record<string, string> = {},
): void {
  const body = problemBody(status, message);
  const lines = Object.entries({ ...headers, ...lastHeaders(body) });
  socket.on("error", () => {}); // the caller may be gone
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
  );
}

const lastHeaders = (body: string): Record<string, string> => ({
  ...PROBLEM_HEADERS,
  "content-length": String(Buffer.byteLength(body)),
  connection: "close",
});
