import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createFeed, FEED_MAX } from "../src/live/feed.ts";
import { createSessions } from "../src/live/sessions.ts";
import { createSocketOptions, closeCodes } from "../src/socket.ts";
import { defaultGatewayLimits } from "../src/index.ts";
import { type Fixture, start } from "./fixture.ts";

describe("a slow consumer", () => {
  it("is ended with an error once too much waits for it, and holds nothing from then on", async () => {
    const feed = createFeed<number>();
    for (let value = 0; value <= FEED_MAX; value++) feed.push(value);
    feed.push(-1);
    await expect(feed.next()).rejects.toMatchObject({ extensions: { code: "TOO_SLOW" } });
  });

  it("is cut off when more waits for its socket than it may", () => {
    const closed: unknown[] = [];
    const socket = {
      bufferedAmount: defaultGatewayLimits.socketBacklogBytes + 1,
      close: (...args: unknown[]) => closed.push(args),
      terminate: () => closed.push("terminated"),
    };
    const options = createSocketOptions({
      enveloped: () => undefined,
      clientOf: () => undefined as never,
      sessions: createSessions(),
      limits: defaultGatewayLimits,
      logger: { error: () => {} },
    });
    void options.onNext?.({ extra: { socket } } as never, "1", {} as never, {} as never, {});
    expect(closed).toEqual([[closeCodes.tooSlow, "Too slow"], "terminated"]);
  });

  it("that stops reading costs the process little, while others go on", async () => {
    const gateway: Fixture = await start();
    const deaf = new WebSocket(gateway.url.replace("http", "ws"), "graphql-transport-ws");
    await new Promise((resolve) => deaf.once("open", resolve));
    deaf.send(JSON.stringify({ type: "connection_init", payload: { token: gateway.token } }));
    await new Promise((resolve) => deaf.once("message", resolve));
    deaf.pause();
    for (let id = 0; id < 20; id++)
      deaf.send(
        JSON.stringify({
          type: "subscribe",
          id: String(id),
          payload: { query: "subscription { jobsUpdated { cursor job { jobId status createdAt } } }" },
        }),
      );
    const before = process.memoryUsage().heapUsed;
    for (let round = 0; round < 5; round++) await gateway.enrol(["franck_01829.jpg"]);
    expect((process.memoryUsage().heapUsed - before) / 2 ** 20).toBeLessThan(100);
    deaf.terminate();
  });
});
