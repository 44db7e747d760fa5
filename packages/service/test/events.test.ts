import { connect as connectTcp } from "node:net";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { EventSocket } from "../src/index.ts";
import { eventually, FakeClock, form, keys, photo, start, settle, type Fixture } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

interface Listener {
  socket: WebSocket;
  messages: { job_id: string; taskId: string; status: string; cursor: string }[];
  closed: Promise<{ code: number; reason: string }>;
}

function listen(api: Fixture, query = `?token=${api.token}`, headers: Record<string, string> = {}): Listener {
  const socket = new WebSocket(`ws://127.0.0.1:${api.port}/v1/events${query}`, { headers });
  const messages: Listener["messages"] = [];
  socket.on("message", (data) => messages.push(JSON.parse(String(data))));
  socket.on("error", () => {});
  const closed = new Promise<{ code: number; reason: string }>(
    (resolve) => void socket.on("close", (code, reason) => resolve({ code, reason: String(reason) })),
  );
  return { socket, messages, closed };
}
const opened = (listener: Listener) => new Promise((resolve) => void listener.socket.once("open", resolve));
const statuses = (listener: Listener, jobId: string) =>
  listener.messages.filter(({ job_id }) => job_id === jobId).map(({ status }) => status);

describe("the WebSocket at /v1/events", async () => {
  const api = await start();
  const face = await photo("audrey.jpg");
  const enrol = async () =>
    (await api.call("POST", IDENTITY, { body: form([["input_images", face]]) })).body.job_id as string;

  it.each<[string, () => Promise<Listener>]>([
    ["in the query", async () => listen(api)],
    ["in the header", async () => listen(api, "", { authorization: `Bearer ${api.token}` })],
    [
      "in the first message",
      async () => {
        const listener = listen(api, "");
        await opened(listener);
        listener.socket.send(JSON.stringify({ token: api.token }));
        return listener;
      },
    ],
  ])("takes the token %s and tells every change, ids and status only", async (_, begin) => {
    const listener = await begin();
    if (listener.socket.readyState !== WebSocket.OPEN) await opened(listener);
    await settle();
    const jobId = await enrol();
    await eventually(() => statuses(listener, jobId)).toEqual(["Sent", "Started", "Succeeded"]);
    for (const message of listener.messages) {
      expect(keys(message)).toEqual(["job_id", "taskId", "status", "cursor"]);
      expect(message.taskId).toBe(message.job_id);
    }
    listener.socket.close();
  });

  it("tells the state of unfinished jobs on connect", async () => {
    await api.service.worker.stop();
    const jobs = [await enrol(), await enrol()];
    const listener = listen(api);
    await eventually(() => listener.messages.map(({ job_id, status }) => [job_id, status])).toEqual(
      jobs.map((id) => [id, "Sent"]),
    );
    api.service.worker.start();
    await eventually(() => jobs.map((id) => statuses(listener, id).at(-1))).toEqual([
      "Succeeded",
      "Succeeded",
    ]);
    listener.socket.close();
  });

  it("resumes from any cursor with nothing missing and nothing told twice", async () => {
    const first = listen(api);
    await opened(first);
    await settle();
    const jobs: string[] = [];
    for (let i = 0; i < 6; i++) jobs.push(await enrol());
    await eventually(() => jobs.every((id) => statuses(first, id).includes("Succeeded"))).toBe(true);
    const all = first.messages;
    for (const at of [0, 5, 11, all.length - 1]) {
      const again = listen(api, `?token=${api.token}&cursor=${all[at]!.cursor}`);
      await opened(again);
      await eventually(() => again.messages).toEqual(all.slice(at + 1));
      again.socket.close();
    }
    first.socket.close();
  });

  it("survives being cut off again and again while jobs stream in", async () => {
    const jobs: string[] = [];
    const streaming = (async () => {
      for (let i = 0; i < 15; i++) jobs.push(await enrol());
    })();
    const told: Listener["messages"] = [];
    let cursor = listen(api);
    await opened(cursor);
    await settle();
    for (let i = 0; i < 8; i++) {
      await new Promise((resolve) => setTimeout(resolve, 60 + 20 * i));
      cursor.socket.terminate();
      await cursor.closed;
      told.push(...cursor.messages);
      cursor = listen(
        api,
        told.length === 0 ? undefined : `?token=${api.token}&cursor=${told.at(-1)?.cursor}`,
      );
      await opened(cursor);
    }
    await streaming;
    await eventually(() =>
      jobs.filter(
        (id) => ![...told, ...cursor.messages].some((m) => m.job_id === id && m.status === "Succeeded"),
      ),
    ).toEqual([]);
    told.push(...cursor.messages);
    // The first connection may repeat a state; from the first resume on every cursor is new and grows.
    const seqs = told.map((message) => Number(message.cursor));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    const changes = told.map((message) => `${message.job_id} ${message.cursor}`);
    expect(new Set(changes).size).toBe(changes.length);
    cursor.socket.close();
  });

  it("closes with 4401 for a bad token and 4400 for a bad first message or cursor", async () => {
    expect((await listen(api, "?token=bad").closed).code).toBe(4401);
    expect((await listen(api, `?token=${api.token}&cursor=x`).closed).code).toBe(4400);
    for (const text of ["hello", "[]", '{"tokn":"x"}', `{"token":${"[".repeat(9_000)}`]) {
      const listener = listen(api, "");
      await opened(listener);
      listener.socket.send(text);
      expect((await listener.closed).code).toBe(4400);
    }
    const listener = listen(api, "");
    await opened(listener);
    listener.socket.send("x".repeat(20_000));
    expect((await listener.closed).code).toBe(1009);
  });

  it("closes with 4410 for a cursor that was never given out", async () => {
    expect((await listen(api, `?token=${api.token}&cursor=99999999`).closed).code).toBe(4410);
  });

  it("closes with 4403 at once when the session is logged out", async () => {
    const { token } = (await api.login()).body;
    const listener = listen(api, `?token=${token}`);
    await opened(listener);
    await settle();
    await api.call("POST", "/logout", { token });
    expect((await listener.closed).code).toBe(4403);
  });

  it("tells nothing of another account's jobs", async () => {
    const other = await api.otherAccount();
    const listener = listen(api, `?token=${other.token}`);
    await opened(listener);
    await settle();
    await api.done(IDENTITY, await enrol());
    await settle();
    expect(listener.messages).toEqual([]);
    listener.socket.close();
  });

  it("is at /v1/events only", async () => {
    const answered = new Promise((resolve) => {
      const socket = connectTcp(api.port, "127.0.0.1", () =>
        socket.write(
          "GET /v1/other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        ),
      );
      socket.on("data", (chunk) => resolve(String(chunk)));
      setTimeout(() => (socket.destroy(), resolve("nothing")), 300);
    });
    expect(await answered).not.toContain("101");
  });
});

describe("an event stream over time", async () => {
  const clock = new FakeClock();
  const api = await start({ clock });

  /** A socket in memory, whose buffer and pongs the test rules. */
  function memorySocket(state: { bufferedAmount: number; pongs: boolean }) {
    const sent: string[] = [];
    let pong = () => {};
    let gone = () => {};
    const closed: [number, string][] = [];
    const socket: EventSocket = {
      send: (text) => void sent.push(text),
      close: (code, reason) => (closed.push([code, reason]), gone()),
      get bufferedAmount() {
        return state.bufferedAmount;
      },
      onMessage: () => {},
      onClose: (listener) => void (gone = listener),
      ping: () => state.pongs && pong(),
      onPong: (listener) => void (pong = listener),
    };
    return { socket, sent, closed };
  }
  const connect = async (token: string | undefined, state = { bufferedAmount: 0, pongs: true }) => {
    const memory = memorySocket(state);
    api.service.events.connect(memory.socket, {
      url: token ? `/v1/events?token=${token}` : "/v1/events",
      headers: new Headers(),
    });
    await settle();
    return memory;
  };

  it("is closed with 4408 when no token comes within 10 s", async () => {
    const { closed } = await connect(undefined);
    await clock.advance(9_900);
    expect(closed).toEqual([]);
    await clock.advance(200);
    await eventually(() => closed[0]?.[0]).toBe(4408);
  });

  it("is closed with 4401 when the token expires", async () => {
    const { token } = (await api.login()).body;
    const { closed } = await connect(token);
    await clock.advance(3_590_000);
    expect(closed).toEqual([]);
    await clock.advance(11_000);
    await eventually(() => closed[0]?.[0]).toBe(4401);
  });

  it("is closed with 4403 within a heartbeat when the account is disabled", async () => {
    const { clientId, secretId } = await api.service.accounts.create();
    const { token } = (await api.login(clientId, secretId)).body;
    const { closed } = await connect(token);
    await api.service.accounts.disable(clientId);
    await clock.advance(16_000);
    await eventually(() => closed[0]?.[0]).toBe(4403);
  });

  it("is dropped when two pings go unanswered", async () => {
    const { token } = (await api.login()).body;
    const { closed } = await connect(token, { bufferedAmount: 0, pongs: false });
    await clock.advance(31_000);
    expect(closed).toEqual([]);
    await clock.advance(15_000);
    await eventually(() => closed[0]?.[0]).toBe(1001);
  });

  it("is closed with 4429 when its reader lags by over a mebibyte for 10 s", async () => {
    const { token } = (await api.login()).body;
    const state = { bufferedAmount: 0, pongs: true };
    const { closed, sent } = await connect(token, state);
    state.bufferedAmount = 1_100_000;
    await api.call("POST", IDENTITY, { token, body: form([["input_images", await photo("audrey.jpg")]]) });
    await clock.advance(9_000);
    expect(closed).toEqual([]);
    await clock.advance(1_500);
    await eventually(() => closed[0]?.[0]).toBe(4429);
    expect(sent).toEqual([]);
  });

  it("goes on where it was when its reader catches up", async () => {
    const { token } = (await api.login()).body;
    const state = { bufferedAmount: 0, pongs: true };
    const { closed, sent } = await connect(token, state);
    state.bufferedAmount = 1_100_000;
    await api.call("POST", IDENTITY, { token, body: form([["input_images", await photo("audrey.jpg")]]) });
    await clock.advance(5_000);
    expect(sent).toEqual([]);
    state.bufferedAmount = 0;
    await clock.advance(1_000);
    await eventually(() => sent.length).toBeGreaterThan(0);
    expect(closed).toEqual([]);
  });

  it("is refused with 4429 beyond the account's number of streams", async () => {
    const few = await start({ limits: { streams: 2 } });
    const open = [listen(few), listen(few)];
    await Promise.all(open.map(opened));
    await settle();
    expect((await listen(few).closed).code).toBe(4429);
    expect((await few.call("GET", "/v1/events", { headers: { accept: "text/event-stream" } })).status).toBe(
      429,
    );
    open[0]!.socket.close();
    await open[0]!.closed;
    await settle();
    const next = listen(few);
    await opened(next);
    await settle();
    expect(next.socket.readyState).toBe(WebSocket.OPEN);
  });

  it("ends with 1001 when the server goes", async () => {
    const going = await start();
    const listener = listen(going);
    await opened(listener);
    await settle();
    await going.service.close();
    expect((await listener.closed).code).toBe(1001);
  });

  it("answers 4410 and 410 once its cursor has been swept", async () => {
    const swept = await start({ limits: { jobRetentionMs: 0 } });
    const jobId = (
      await swept.call("POST", IDENTITY, { body: form([["input_images", await photo("audrey.jpg")]]) })
    ).body.job_id;
    await swept.done(IDENTITY, jobId);
    await eventually(async () => (await swept.call("GET", `/v1/jobs/${jobId}`)).status).toBe(200);
    await swept.storage.jobs.sweep(Date.now() + 1);
    await swept.done(
      IDENTITY,
      (await swept.call("POST", IDENTITY, { body: form([["input_images", await photo("audrey.jpg")]]) })).body
        .job_id,
    );
    expect((await listen(swept, `?token=${swept.token}&cursor=1`).closed).code).toBe(4410);
    const answer = await swept.call("GET", "/v1/events?cursor=1", {
      headers: { accept: "text/event-stream" },
    });
    expect(answer.status).toBe(410);
  });
});

describe("Server-Sent Events at /v1/events", async () => {
  const api = await start();
  const face = await photo("audrey.jpg");
  const enrol = async () =>
    (await api.call("POST", IDENTITY, { body: form([["input_images", face]]) })).body.job_id as string;

  /** Reads a stream until `enough`. */
  async function read(
    query: string,
    headers: Record<string, string>,
    enough: (text: string) => boolean,
    token: string | null = api.token,
  ): Promise<string> {
    const abort = new AbortController();
    const response = await api.service.fetch(
      new Request(`http://x/v1/events${query}`, {
        headers: {
          accept: "text/event-stream",
          ...(token && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        signal: abort.signal,
      }),
    );
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!enough(text)) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
    }
    await reader.cancel();
    abort.abort();
    return text;
  }

  it("tell every change with its cursor as the id, and resume after Last-Event-ID, in process as over HTTP", async () => {
    const reading = read("", {}, (text) => text.includes("Succeeded"));
    await settle();
    const jobId = await enrol();
    const text = await reading;
    expect(text.startsWith("retry: 2000\n\n")).toBe(true);
    const ids = [...text.matchAll(/^id: (\d+)\ndata: (.*)\n\n/gm)].map(([, id, data]) => ({
      id,
      ...JSON.parse(data!),
    }));
    expect(ids.map(({ status }) => status)).toEqual(["Sent", "Started", "Succeeded"]);
    expect(
      ids.every(({ id, cursor, job_id, taskId }) => id === cursor && job_id === jobId && taskId === jobId),
    ).toBe(true);
    const rest = await read("", { "last-event-id": ids[0]!.id }, (so) => so.includes("Succeeded"));
    expect(rest).toBe(`retry: 2000\n\n${text.slice(text.indexOf(`id: ${ids[1]!.id}\n`))}`);

    const response = await fetch(`${api.base}/v1/events?token=${api.token}&cursor=${ids[1]!.id}`, {
      headers: { accept: "text/event-stream" },
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let over = "";
    while (!over.includes("Succeeded")) over += (await reader.read()).value;
    await reader.cancel();
  });

  it("end when the session is logged out", async () => {
    const { token } = (await api.login()).body;
    const reading = read("", {}, () => false, token);
    await settle();
    await api.call("POST", "/logout", { token });
    expect(await reading).toBe("retry: 2000\n\n");
  });

  it("are refused to who accepts something else, or has a cursor of another make", async () => {
    expect((await api.call("GET", "/v1/events", { headers: { accept: "application/json" } })).status).toBe(
      406,
    );
    expect(
      (await api.call("GET", "/v1/events?cursor=abc", { headers: { accept: "text/event-stream" } })).status,
    ).toBe(400);
    expect((await api.call("HEAD", "/v1/events", { headers: { accept: "text/event-stream" } })).status).toBe(
      200,
    );
  });
});
