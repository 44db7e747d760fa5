import { ConnectionError } from "./errors.ts";
import { innermost } from "./http.ts";
import { query } from "./query.ts";
import { type EventStream, readEvent } from "./socket.ts";
import type { Transport } from "./transport.ts";
import type { JobChange } from "./types.ts";

/** Server-Sent Events through `fetch`: for in-process services and where there is no WebSocket. */
export async function openSse(
  transport: Transport,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<EventStream> {
  const path = `/v1/events${query({ cursor })}`;
  const response = await transport.send(
    { method: "GET", path, headers: { accept: "text/event-stream" } },
    signal,
  );
  if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body?.cancel();
    throw new ConnectionError("GET /v1/events did not answer with an event stream.");
  }
  return read(response.body.getReader(), signal);
}

async function* read(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<JobChange, undefined, undefined> {
  // The body of an in-process answer knows nothing of the signal.
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel);
  if (signal.aborted) cancel();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await readOn(reader);
      if (done) throw new ConnectionError("The event stream ended.");
      const blocks = (rest + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const data = block.split(/\r?\n/).filter((line) => line.startsWith("data:"));
        if (data.length > 0) yield readEvent(data.map((line) => line.slice(5)).join("\n"));
      }
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}

/** Runtimes word a connection that breaks under a body differently ("terminated", "network error"): it is one that can be made again. */
async function readOn(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (error) {
    throw new ConnectionError(`The event stream broke off: ${innermost(error)}`);
  }
}
