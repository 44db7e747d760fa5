import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Sends `100 Continue` when the body is first read, so that a caller whose token or path is refused never sends it. A final
 * answer without it closes the connection, which Node does by itself: where the next request would begin is then unknown.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const read = request._read;
  request._read = function readOnce(size) {
    request._read = read;
    if (!response.headersSent && !response.destroyed) response.writeContinue();
    read.call(request, size);
  };
}
