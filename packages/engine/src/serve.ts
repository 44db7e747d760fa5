import type { MessagePort } from "node:worker_threads";
import { pack, type Reply, type Request } from "./protocol.ts";
import { createTurns, type Turn } from "./turns.ts";
import type { Analysis } from "./types.ts";

/** Answers a thread's requests: `work` is one image's, and waits for its turn before each stage. */
export function serve(
  port: MessagePort,
  work: (request: Extract<Request, { image: unknown }>, turn: Turn) => Promise<Analysis>,
): void {
  const turns = createTurns();
  port.on("message", (request: Request) => {
    if ("abort" in request) turns.abort(request.id);
    else void answer(request).then((reply) => port.postMessage(reply));
  });

  async function answer(request: Extract<Request, { image: unknown }>): Promise<Reply> {
    const { id } = request;
    const turn = turns.enter(id, request.priority);
    try {
      return { id, analysis: await work(request, turn) };
    } catch (error) {
      return { id, failure: pack(error) };
    } finally {
      turn.leave();
    }
  }
}
