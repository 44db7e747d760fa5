import type { JobEvents } from "../events/job-events.ts";
import type { OpenStreams } from "../events/open-streams.ts";
import type { SessionTools } from "../events/watch.ts";
import type { Limits } from "../limits.ts";

/** What `GET /v1/events` is served with, over SSE and over a WebSocket. */
export interface EventTools extends SessionTools {
  events: JobEvents;
  streams: OpenStreams;
  limits: Limits;
}
