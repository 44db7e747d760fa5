import { beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Answer, type Fixture, photo, start } from "./fixture.ts";

let gateway: Fixture;
beforeAll(async () => {
  gateway = await start();
});

const search = async (from = gateway): Promise<string> =>
  (
    await from.upload(
      "mutation ($input: SearchIdentitiesInput!) { searchIdentities(input: $input) { ... on SearchJob { jobId } ... on Error { message } } }",
      { input: { image: null } },
      { "input.image": await photo("franck_02159.jpg") },
    )
  ).data.searchIdentities.jobId;

const statuses = async (id: string, from = gateway): Promise<string[]> => {
  const seen: string[] = [];
  for await (const { data } of from
    .sockets()
    .iterate({ query: "subscription ($id: ID!) { jobUpdated(id: $id) { status } }", variables: { id } }))
    seen.push((data as Answer["data"]).jobUpdated.status);
  return seen;
};

/** A raw socket: how it closes is what these tests are about. */
const rawSocket = async (
  messages: unknown[],
  url = gateway.url,
): Promise<{ code: number; reason: string; received: Answer["data"][] }> => {
  const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws");
  const received: Answer["data"][] = [];
  socket.on("message", (data) => received.push(JSON.parse(String(data))));
  socket.on("open", () =>
    messages.forEach((message) =>
      socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    ),
  );
  return new Promise((resolve) =>
    socket.on("close", (code, reason) => resolve({ code, reason: String(reason), received })),
  );
};

describe("jobUpdated", () => {
  it("begins with the current state and ends after the final one", async () => {
    const seen = await statuses(await search());
    expect(seen.at(-1)).toBe("SUCCEEDED");
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("of a job that has ended sends its state once and ends", async () => {
    const id = await search();
    await statuses(id);
    expect(await statuses(id)).toEqual(["SUCCEEDED"]);
  });

  it("leaves no timer behind once it has ended by itself, though its token lives on", async () => {
    const id = await search();
    const socket = gateway.sockets();
    const follow = async () => {
      for await (const _ of socket.iterate({
        query: "subscription ($id: ID!) { jobUpdated(id: $id) { status } }",
        variables: { id },
      }));
    };
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    await follow();
    const before = timers();
    for (let i = 0; i < 40; i++) await follow();
    expect(timers() - before).toBeLessThan(10);
  });

  it("of an unknown or foreign job ends with NOT_FOUND", async () => {
    const token = await gateway.otherAccount();
    const id = await search();
    const iterator = gateway
      .sockets({ token })
      .iterate({ query: "subscription ($id: ID!) { jobUpdated(id: $id) { status } }", variables: { id } });
    const failure = await iterator.next().then(
      ({ value }) => value?.errors ?? value,
      (error: unknown) => error,
    );
    expect(JSON.stringify(failure)).toContain("NOT_FOUND");
  });

  it("reads results only when asked for, in one call for all who ask", async () => {
    const id = await search();
    await statuses(id);
    gateway.calls.length = 0;
    await statuses(id);
    expect(gateway.calls.filter((call) => call.startsWith("GET /v1/identities"))).toEqual([]);
    const socket = gateway.sockets();
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        for await (const _ of socket.iterate({
          query: "subscription ($id: ID!) { jobUpdated(id: $id) { ... on SearchJob { matches { score } } } }",
          variables: { id },
        }))
          break;
      }),
    );
    expect(gateway.calls.filter((call) => call === "GET /v1/jobs").length).toBeLessThanOrEqual(3);
  });

  it("works over Server-Sent Events too", async () => {
    const id = await search();
    const response = await fetch(gateway.url, {
      method: "POST",
      headers: {
        accept: "text/event-stream",
        "content-type": "application/json",
        authorization: `Bearer ${gateway.token}`,
      },
      body: JSON.stringify({
        query:
          "subscription ($id: ID!) { jobUpdated(id: $id) { status ... on SearchJob { matches { score } } } }",
        variables: { id },
      }),
    });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const text = await response.text();
    expect(text).toContain('"status":"SUCCEEDED"');
    expect(text).toContain("event: complete");
  });
});

describe("jobsUpdated", () => {
  const query =
    "subscription ($after: String) { jobsUpdated(after: $after) { cursor job { jobId kind status } } }";
  type Change = { cursor: string; job: { jobId: string; status: string } };
  const follow = (after?: string) =>
    gateway.sockets().iterate<{ jobsUpdated: Change }>({ query, variables: { after } });
  const until = async (
    stream: AsyncIterableIterator<{ data?: { jobsUpdated: Change } | null }>,
    enough: (change: Change) => boolean,
  ): Promise<Change[]> => {
    const seen: Change[] = [];
    for await (const { data } of stream) {
      seen.push(data!.jobsUpdated);
      if (enough(data!.jobsUpdated)) break;
    }
    return seen;
  };

  it("tells every change of the account and none of another's", async () => {
    const stream = follow();
    const first = stream.next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const other = await start();
    await search(other);
    const id = await search();
    const changes = [
      (await first).value!.data!.jobsUpdated,
      ...(await until(stream, ({ job }) => job.jobId === id && job.status === "SUCCEEDED")),
    ];
    expect(new Set(changes.map(({ job }) => job.jobId))).toEqual(new Set([id]));
  });

  it("resumes after a cursor without a gap, also from one that no subscriber here has seen", async () => {
    const [first, second] = [await search(), await search()];
    await Promise.all([statuses(first), statuses(second)]);
    const third = await search();
    const all = await until(follow("0"), ({ job }) => job.jobId === third && job.status === "SUCCEEDED");
    const at = all.findIndex(({ job }) => job.jobId === first && job.status === "SUCCEEDED");
    // Someone else follows meanwhile, so the stream is not opened for the one who resumes.
    const live = follow();
    const pending = live.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const last = await search();
    const resumed = await until(
      follow(all[at]!.cursor),
      ({ job }) => job.jobId === last && job.status === "SUCCEEDED",
    );
    expect(resumed.slice(0, all.length - at - 1).map(({ cursor }) => cursor)).toEqual(
      all.slice(at + 1).map(({ cursor }) => cursor),
    );
    expect(new Set(resumed.map(({ cursor }) => cursor)).size).toBe(resumed.length);
    await pending;
    await live.return?.();
  });

  it("shares one upstream stream among all subscribers of an account, and closes it after the last", async () => {
    const mine = await start();
    mine.calls.length = 0;
    const streams = Array.from({ length: 10 }, () => mine.sockets().iterate({ query }));
    const firsts = streams.map((stream) => stream.next());
    await new Promise((resolve) => setTimeout(resolve, 300));
    const again = await mine.login();
    const secondToken = mine.sockets({ token: again.token }).iterate({ query });
    const other = secondToken.next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await search(mine);
    await Promise.all([...firsts, other]);
    expect(mine.calls.filter((call) => call === "GET /v1/events")).toHaveLength(1);
    await Promise.all([...streams, secondToken].map(async (stream) => stream.return?.()));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const later = mine.sockets().iterate({ query });
    const next = later.next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await search(mine);
    await next;
    expect(mine.calls.filter((call) => call === "GET /v1/events")).toHaveLength(2);
    await later.return?.();
  });
});

describe("sockets", () => {
  it("close with 4403 when connection_init has no token, or one that the server does not take", async () => {
    expect((await rawSocket([{ type: "connection_init" }])).code).toBe(4403);
    expect((await rawSocket([{ type: "connection_init", payload: { token: "not.a.token" } }])).code).toBe(
      4403,
    );
  });

  it("close with 4401 when something is asked before connection_init is acknowledged", async () => {
    expect(
      (await rawSocket([{ type: "subscribe", id: "1", payload: { query: "{ __typename }" } }])).code,
    ).toBe(4401);
  });

  it("close with 4408 when they stay silent", async () => {
    const quick = await start({ limits: { connectionInitMs: 100 } });
    expect((await rawSocket([], quick.url)).code).toBe(4408);
  });

  it("take the token as an authorization header too", async () => {
    const id = await search();
    for await (const { data } of gateway
      .sockets({ Authorization: `Bearer ${gateway.token}` })
      .iterate({ query: "subscription ($id: ID!) { jobUpdated(id: $id) { jobId } }", variables: { id } })) {
      expect((data as Answer["data"]).jobUpdated.jobId).toBe(id);
      break;
    }
  });

  it("close with 4403 when the token ends while they are open", async () => {
    // Judged by the server; the gateway closes at the moment that the token names.
    let token = "";
    let real = "";
    const believing = await start({
      upstream: (service) => (request) => {
        const headers = new Headers(request.headers);
        if (headers.get("authorization") === `Bearer ${token}`)
          headers.set("authorization", `Bearer ${real}`);
        return service.fetch(new Request(request, { headers }));
      },
    });
    real = believing.token;
    const soon = Math.ceil(Date.now() / 1000) + 1;
    token = `e30.${btoa(JSON.stringify({ exp: soon }))}.x`;
    const { code, reason, received } = await rawSocket(
      [{ type: "connection_init", payload: { token } }],
      believing.url,
    );
    expect(received).toEqual([{ type: "connection_ack" }]);
    expect([code, reason]).toEqual([4403, "Token expired"]);
    expect(Date.now()).toBeGreaterThanOrEqual(soon * 1000 - 50);
  });

  it("close on a message that is too big, and on one that is not of the protocol", async () => {
    expect((await rawSocket([`{"type":"connection_init","payload":"${"x".repeat(200_000)}"}`])).code).toBe(
      1009,
    );
    expect((await rawSocket(["hello"])).code).toBe(4400);
  });

  it("run only so many operations at a time", async () => {
    const narrow = await start({ limits: { operationsPerSocket: 2 } });
    const query = "subscription { jobsUpdated { cursor } }";
    const socket = narrow.sockets();
    const streams = [1, 2, 3].map(() => socket.iterate({ query }));
    const outcome = await Promise.race(
      streams.map((stream) =>
        stream.next().then(
          () => "running",
          (error: unknown) => JSON.stringify(error),
        ),
      ),
    );
    expect(outcome).toContain("TOO_MANY_OPERATIONS");
    socket.terminate();
  });

  it("keep the limits of the HTTP side", async () => {
    const errors = await gateway
      .sockets()
      .iterate({ query: `{ ${"viewer { ".repeat(20)} name ${"}".repeat(20)} }` })
      .next()
      .catch((error: unknown) => error);
    expect(JSON.stringify(errors)).toContain("TOO_DEEP");
  });
});
