import type { Limits } from "../limits.ts";
import { HttpProblem } from "./problem.ts";

/** A client that is still sending reads our answer only when it is not cut off: its bytes are thrown away for so long. */
const LINGER_MS = 30_000;
const LINGER_IDLE_MS = 5_000;

/** How slowly a body may come. */
export type BodyPace = Pick<Limits, "bodyIdleMs" | "bodyRate">;

/** A body that is read within bounds of time. */
export interface Body {
  /** @throws HttpProblem 408 when nothing comes for `bodyIdleMs`, or all in all too little for the time waited */
  read(): Promise<ReadableStreamReadResult<Uint8Array>>;
  /**
   * Throws away what is still coming, then lets go. In the background: the answer must not wait for it.
   * Cancelling at once would reset the connection, and many clients lose the answer then (nginx calls this lingering_close).
   */
  linger(): void;
}

export function openBody(stream: ReadableStream<Uint8Array>, { bodyIdleMs, bodyRate }: BodyPace): Body {
  const reader = stream.getReader();
  /** Time spent waiting for the sender alone: a slow disk of ours is not its fault. */
  let waitedMs = 0;
  let bytes = 0;

  async function within(ms: number, message: string) {
    const begun = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new HttpProblem(408, message)), ms);
    });
    try {
      return await Promise.race([reader.read(), late]);
    } finally {
      clearTimeout(timer);
      waitedMs += performance.now() - begun;
    }
  }

  return {
    async read() {
      const result = await within(bodyIdleMs, `no byte of the body came for ${bodyIdleMs / 1000} s`);
      if (result.done) return result;
      bytes += result.value.byteLength;
      if (((waitedMs - bodyIdleMs) / 1000) * bodyRate > bytes)
        throw new HttpProblem(
          408,
          `the body comes too slowly, below ${bodyRate} bytes a second: send it again over a faster connection`,
        );
      return result;
    },
    linger() {
      const until = performance.now() + LINGER_MS;
      const drain = async (): Promise<void> => {
        while (performance.now() < until) if ((await within(LINGER_IDLE_MS, "silent")).done) return;
        throw new Error("still sending");
      };
      drain().catch(() => reader.cancel().catch(() => {}));
    },
  };
}

/** The whole body, at most `maxBytes`. @throws HttpProblem 413, 408 */
export async function readBody(request: Request, maxBytes: number, limits: BodyPace): Promise<Uint8Array> {
  checkLength(request, maxBytes);
  if (!request.body) return new Uint8Array();
  const body = openBody(request.body, limits);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await body.read();
      if (done) return Buffer.concat(chunks);
      size += value.byteLength;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(value);
    }
  } catch (error) {
    body.linger();
    throw error;
  }
}

/** Refuses what its headers show to be too large, before a byte is read. */
export function checkLength(request: Request, maxBytes: number): void {
  if (declaredLength(request) > maxBytes) throw tooLarge(maxBytes);
}

/** Bytes; 0 where it is not declared, as in a chunked body. */
export const declaredLength = (request: Request): number =>
  Number(request.headers.get("content-length") ?? 0);

export const tooLarge = (maxBytes: number): HttpProblem =>
  new HttpProblem(413, `the body is over ${maxBytes} bytes: send less`);
