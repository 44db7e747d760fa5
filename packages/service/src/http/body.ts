import { HttpProblem } from "../problem.ts";

/** A client that is still sending reads our answer only when it is not cut off: its bytes are thrown away for so long. */
const LINGER_MS = 30_000;
const LINGER_IDLE_MS = 5_000;

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** One read that gives up when nothing comes for `idleMs`. @throws HttpProblem 408 */
export async function readWithin(
  reader: Reader,
  idleMs: number,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  let timer: NodeJS.Timeout | undefined;
  const idle = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new HttpProblem(408, `no byte of the body came for ${idleMs / 1000} s`)),
      idleMs,
    );
  });
  try {
    return await Promise.race([reader.read(), idle]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Throws away what is still coming, then lets go. In the background: the answer must not wait for it.
 * Cancelling at once would reset the connection, and many clients lose the answer then (nginx calls this lingering_close).
 */
export function linger(reader: Reader): void {
  const until = Date.now() + LINGER_MS;
  const drain = async (): Promise<void> => {
    while (Date.now() < until) if ((await readWithin(reader, LINGER_IDLE_MS)).done) return;
    throw new Error("still sending");
  };
  drain().catch(() => reader.cancel().catch(() => {}));
}

/** The whole body, at most `maxBytes`. @throws HttpProblem 413, 408 */
export async function readBody(request: Request, maxBytes: number, idleMs: number): Promise<Uint8Array> {
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, idleMs);
      if (done) return Buffer.concat(chunks);
      size += value.byteLength;
      if (size > maxBytes) throw new HttpProblem(413, `the body is over ${maxBytes} bytes: send less`);
      chunks.push(value);
    }
  } catch (error) {
    linger(reader);
    throw error;
  }
}
