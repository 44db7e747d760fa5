import { RequestRefusal } from "./refusal.ts";
import type { GatewayLimits } from "./limits.ts";

/** How long a refused caller may go on sending, so that it reads its answer. */
const LINGER_MS = 30_000;

export type BodyLimits = Pick<GatewayLimits, "bodyIdleMs" | "bodyRate">;

/** A body that is read within bounds of time and size. */
export interface BoundedBody {
  /** All of it. What `more` answers for a size beyond `limit` is the limit from then on. @throws RequestRefusal 408, or what `more` throws */
  read(limit: number, more: (size: number) => Promise<number>): Promise<Uint8Array<ArrayBuffer>>;
  /** Throws away what still comes, in the background: cancelled at once, many callers would lose their answer. */
  linger(): void;
}

export function boundedBody(
  body: ReadableStream<Uint8Array>,
  { bodyIdleMs, bodyRate }: BodyLimits,
): BoundedBody {
  const reader = body.getReader();
  let waitedMs = 0;
  let size = 0;

  async function next() {
    const begun = performance.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(tooSlow(`No byte of the body came for ${bodyIdleMs / 1000} s.`)),
        bodyIdleMs,
      );
    });
    try {
      return await Promise.race([reader.read(), late]);
    } finally {
      clearTimeout(timer);
      waitedMs += performance.now() - begun;
    }
  }

  return {
    async read(limit, more) {
      const chunks: Uint8Array[] = [];
      for (;;) {
        const { done, value } = await next();
        if (done) break;
        size += value.length;
        while (size > limit) limit = await more(size);
        if (((waitedMs - bodyIdleMs) / 1000) * bodyRate > size)
          throw tooSlow(`The body comes too slowly, below ${bodyRate} bytes a second.`);
        chunks.push(value);
      }
      const whole = new Uint8Array(size);
      let at = 0;
      for (const chunk of chunks) {
        whole.set(chunk, at);
        at += chunk.length;
      }
      return whole;
    },
    linger() {
      const late = setTimeout(() => void reader.cancel().catch(() => undefined), LINGER_MS);
      const drain = async () => {
        while (!(await reader.read()).done);
      };
      drain()
        .catch(() => undefined)
        .finally(() => clearTimeout(late));
    },
  };
}

const tooSlow = (message: string) => new RequestRefusal(408, "TIMEOUT", message);
