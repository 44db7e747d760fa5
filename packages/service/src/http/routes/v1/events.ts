import type { JobEvent } from "@prosopon/core/contract";
import { parseCursor } from "../../../events/job-events.ts";
import { HEARTBEAT_MS, watchSession } from "../../../events/watch.ts";
import type { Handler } from "../../call.ts";
import type { EventTools } from "../../event-tools.ts";
import { HttpProblem } from "../../problem.ts";
import type { Route } from "../../route.ts";

/** `GET /v1/events` as Server-Sent Events; the WebSocket of the same name is in event-socket.ts. */
export function eventsRoutes(tools: EventTools): Route[] {
  const { events, streams, limits, clock } = tools;

  const get: Handler = async ({ request, query, accountId, sessionId, expiresAt }) => {
    const accept = request.headers.get("accept") ?? "*/*";
    if (!/text\/event-stream|text\/\*|\*\/\*/.test(accept)) {
      throw new HttpProblem(406, "send `Accept: text/event-stream`, or open a WebSocket");
    }
    const text = request.headers.get("last-event-id") || query.get("cursor") || undefined;
    const cursor = text === undefined ? undefined : parseCursor(text);
    if (text !== undefined && cursor === undefined)
      throw new HttpProblem(400, "the cursor is not one of this server's");
    const headers = {
      "content-type": "text/event-stream",
      "x-accel-buffering": "no",
    };
    // An old cursor is told by the status, before the stream begins.
    if (cursor !== undefined && !(await events.isKept(accountId, cursor))) {
      throw new HttpProblem(
        410,
        "the cursor is older than what is kept: connect without one and read the jobs you wait for",
      );
    }
    if (request.method === "HEAD") return new Response(null, { headers });

    const abort = new AbortController();
    const end = () => abort.abort();
    const release = streams.open(accountId);
    if (!release)
      throw new HttpProblem(429, `over ${limits.streams} event streams of this account are open`, {
        "retry-after": "15",
      });
    request.signal.addEventListener("abort", end, { once: true });
    const stopWatching = watchSession(tools, { accountId, sessionId, expiresAt }, end);
    abort.signal.addEventListener("abort", () => {
      release();
      stopWatching();
      request.signal.removeEventListener("abort", end);
    });
    abort.signal.addEventListener("abort", streams.onGoing(end));

    const source = events.follow(accountId, cursor, abort.signal);
    let next: Promise<IteratorResult<JobEvent, void>> | undefined;
    const encoder = new TextEncoder();
    let begun = false;
    const body = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (!begun) {
            begun = true;
            controller.enqueue(encoder.encode("retry: 2000\n\n"));
            return;
          }
          const silence = Promise.withResolvers<"silence">();
          const cancelBeat = clock.after(HEARTBEAT_MS, () => silence.resolve("silence"));
          try {
            next ??= source.next();
            next.catch(() => {}); // awaited here, or by the next pull
            const result = await Promise.race([next, silence.promise]);
            if (result === "silence") controller.enqueue(encoder.encode(": alive\n\n"));
            else if (result.done) controller.close();
            else {
              next = undefined;
              controller.enqueue(encoder.encode(line(result.value)));
            }
          } catch (error) {
            end();
            controller.error(error);
          } finally {
            cancelBeat();
          }
        },
        cancel: end,
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers });
  };

  return [["GET", "/v1/events", "query-token", get]];
}

const line = (event: JobEvent): string => `id: ${event.cursor}\ndata: ${JSON.stringify(event)}\n\n`;
