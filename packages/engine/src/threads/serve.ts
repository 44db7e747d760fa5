import type { MessagePort } from "node:worker_threads";
import { pack, type Reply, type Request } from "./protocol.ts";
import { createTurns, type Turn } from "./turns.ts";
import type { Analysis } from "../types.ts";

/** Answers a thread's requests: `work` is one image's, and waits for its turn before each stage. */
/** Memory for decoding the image, of the budget of all threads. */
export interface Memory {
  /** Resolves when it is granted. @throws the signal's reason */
  take(bytes: number): Promise<void>;
  release(): void;
}

export function serve(
  port: MessagePort,
  work: (request: Extract<Request, { image: unknown }>, turn: Turn, memory: Memory) => Promise<Analysis>,
): void {
  const turns = createTurns();
  const grants = new Map<number, () => void>();
  port.on("message", (request: Request) => {
    if ("abort" in request) turns.abort(request.id);
    else if ("granted" in request) grants.get(request.id)?.();
    else void answer(request).then((reply) => port.postMessage(reply));
  });

  function memoryOf(id: number, signal: AbortSignal): Memory {
    const ask = (decodeBytes: number) => port.postMessage({ id, decodeBytes } satisfies Reply);
    return {
      async take(bytes) {
        signal.throwIfAborted();
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const abort = () => reject(signal.reason);
        signal.addEventListener("abort", abort, { once: true });
        grants.set(id, resolve);
        ask(bytes);
        await promise.finally(() => {
          grants.delete(id);
          signal.removeEventListener("abort", abort);
        });
      },
      release: () => ask(0),
    };
  }

  async function answer(request: Extract<Request, { image: unknown }>): Promise<Reply> {
    const { id } = request;
    const turn = turns.enter(id, request.priority);
    try {
      return { id, analysis: await work(request, turn, memoryOf(id, turn.signal)) };
    } catch (error) {
      return { id, failure: pack(error) };
    } finally {
      turn.leave();
    }
  }
}
