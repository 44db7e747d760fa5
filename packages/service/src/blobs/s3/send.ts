import { type IncomingMessage, request as http } from "node:http";
import { request as https } from "node:https";
import { Readable } from "node:stream";

/** No answer came: the connection could not be made, broke, or fell silent. */
export class Unsent extends Error {}

/** `fetch` copies a body before it sends it: over 400 MB that garbage came to 125 MB. This sends the caller's bytes. */
export function send(
  method: string,
  url: URL,
  headers: Headers,
  pieces: readonly Uint8Array[],
  { silenceMs, signal }: { silenceMs: number; signal?: AbortSignal },
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const begin = url.protocol === "http:" ? http : https;
    const length = { "content-length": pieces.reduce((sum, { byteLength }) => sum + byteLength, 0) };
    const sent = begin(url, {
      method,
      headers: { ...Object.fromEntries(headers), ...length },
      ...(signal && { signal }),
    });
    sent.setTimeout(silenceMs, () => sent.destroy(new Error("the object storage fell silent")));
    sent.once("response", (answer) => resolve(toResponse(answer)));
    sent.once("error", (error) => reject(new Unsent(error.message, { cause: error })));
    for (const piece of pieces) sent.write(piece);
    sent.end();
  });
}

function toResponse(answer: IncomingMessage): Response {
  const status = answer.statusCode ?? 500;
  const headers = new Headers();
  for (const [name, values] of Object.entries(answer.headersDistinct))
    headers.set(name, (values ?? []).join(", "));
  if (status !== 204 && status !== 304) {
    return new Response(Readable.toWeb(answer) as unknown as ReadableStream, {
      status,
      headers,
    });
  }
  answer.resume();
  return new Response(null, { status, headers });
}
