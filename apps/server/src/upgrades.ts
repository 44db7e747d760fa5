import { STATUS_CODES, type Server } from "node:http";

/** Without this, a socket that asks for an unknown path would stay open for good: each listener leaves it to the others. */
export function refuseOtherUpgrades(server: Server, paths: string[]): void {
  server.on("upgrade", (request, socket) => {
    const path = (request.url ?? "/").replace(/\?.*$/s, "");
    if (paths.includes(path)) return;
    const message =
      paths.length > 0 ? `no socket here: they are at ${paths.join(" and ")}` : "no sockets here";
    const body = JSON.stringify({
      statusCode: 404,
      error: STATUS_CODES[404],
      message,
    });
    socket.on("error", () => {});
    socket.end(
      `HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  });
}
