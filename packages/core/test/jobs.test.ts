import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, type JobState, createClient } from "../src/index.ts";
import { type Fake, type FakeOptions, problem, startFake } from "./fake-server.ts";

let fake: Fake;
let client: Client;
const start = async (options: FakeOptions = {}) => {
  await fake?.[Symbol.asyncDispose]();
  fake = await startFake(options);
  client = createClient({ baseUrl: fake.url, clientId: "client", secretId: "secret" });
};
beforeEach(() => start());
afterEach(() => fake[Symbol.asyncDispose]());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const collect = async (states: AsyncIterable<JobState>): Promise<string[]> => {
  const seen: string[] = [];
  for await (const { status } of states) seen.push(status);
  return seen;
};
const nothingLeft = async () => {
  await expect.poll(() => [fake.openSockets(), fake.openStreams(), fake.openRequests()]).toEqual([0, 0, 0]);
};
const jobReads = () => fake.seen.filter(({ path }) => path.startsWith("/v1/jobs")).length;

const transports: [name: string, options: FakeOptions, make?: () => Client][] = [
  ["the socket", {}],
  ["Server-Sent Events", { events: "sse-only" }],
  ["held answers", { events: "none" }],
  ["plain polling", { documentedOnly: true }],
];

for (const [name, options] of transports) {
  describe(`jobs.watch by ${name}`, () => {
    beforeEach(() => start(options));

    it("tells the present state first, each status once, and ends after the final one", async () => {
      const job = fake.addJob("enrol");
      const watching = collect(client.jobs.watch(job));
      await pause(600);
      fake.set(job.id, "Started");
      await pause(1900);
      fake.set(job.id, "Succeeded", { identity_id: "p1" });
      expect(await watching).toEqual(["Sent", "Started", "Succeeded"]);
      await nothingLeft();
    });

    it("tells a job that is done once, and ends", async () => {
      const job = fake.addJob("enrol", "Succeeded");
      expect(await collect(client.jobs.watch(job))).toEqual(["Succeeded"]);
      await nothingLeft();
    });

    it("throws ApiError 404 for an unknown job", async () => {
      await expect(client.jobs.watch("none").next()).rejects.toMatchObject({ name: "ApiError", status: 404 });
      await nothingLeft();
    });

    it("stops when the signal aborts, with its reason", async () => {
      const controller = new AbortController();
      const states = client.jobs.watch(fake.addJob("enrol"), { signal: controller.signal });
      await states.next();
      const next = states.next();
      const reason = new Error("enough");
      setTimeout(() => controller.abort(reason), 50);
      await expect(next).rejects.toBe(reason);
      await nothingLeft();
      const requests = fake.seen.length;
      await pause(700);
      expect(fake.seen.length).toBe(requests);
    });

    it("stops at once when the consumer leaves in the middle of a wait", async () => {
      const states = client.jobs.watch(fake.addJob("enrol"));
      await states.next();
      const next = states.next();
      await pause(20);
      await states.return!();
      expect(await next).toEqual({ done: true, value: undefined });
      await nothingLeft();
    });

    it("stops when the consumer breaks out of its loop", async () => {
      for await (const state of client.jobs.watch(fake.addJob("enrol"))) {
        expect(state.status).toBe("Sent");
        break;
      }
      await nothingLeft();
    });

    it("stops with a TimeoutError when timeoutMs runs out", async () => {
      await expect(
        collect(client.jobs.watch(fake.addJob("enrol"), { timeoutMs: 400 })),
      ).rejects.toMatchObject({ name: "TimeoutError" });
      await nothingLeft();
    });
  });
}

describe("jobs.watch", () => {
  it("shares one socket among many concurrent watches, and closes it after the last", async () => {
    const refs = Array.from({ length: 20 }, () => fake.addJob("search"));
    const all = Promise.all(refs.map((job) => collect(client.jobs.watch(job))));
    await expect.poll(jobReads).toBe(20);
    for (const { id } of refs) fake.set(id, "Succeeded");
    expect(await all).toEqual(refs.map(() => ["Sent", "Succeeded"]));
    expect(fake.socketsEver()).toBe(1);
    await nothingLeft();
  });

  it("puts the token in the first message, never in the URL", async () => {
    const job = fake.addJob("search");
    const watching = collect(client.jobs.watch(job));
    await expect.poll(() => fake.count("SOCKET", "/v1/events")).toBe(1);
    fake.set(job.id, "Failed");
    await watching;
    expect(fake.seen.filter(({ path }) => path.includes("access-"))).toEqual([]);
    expect(fake.seen.find(({ method }) => method === "SOCKET")!.body).toContain("access-1");
  });

  it("goes on by polling when the socket drops", async () => {
    const job = fake.addJob("enrol");
    const watching = collect(client.jobs.watch(job));
    await expect.poll(fake.openSockets).toBe(1);
    fake.dropSockets();
    await pause(100);
    fake.set(job.id, "Succeeded");
    expect(await watching).toEqual(["Sent", "Succeeded"]);
  });

  it("goes on by events over HTTP when the socket does not open", async () => {
    fake.breakWith(({ method }) => (method === "UPGRADE" ? "drop" : undefined));
    const job = fake.addJob("enrol");
    const watching = collect(client.jobs.watch(job));
    await expect.poll(() => [fake.openStreams(), jobReads()]).toEqual([1, 1]);
    fake.set(job.id, "Succeeded");
    expect(await watching).toEqual(["Sent", "Succeeded"]);
  });

  it("polls when neither opens, and does not try again for every job", async () => {
    fake.breakWith(({ method, path }) =>
      method === "UPGRADE" ? "drop" : path === "/v1/events" ? problem(404, "blocked") : undefined,
    );
    for (const job of [fake.addJob("enrol"), fake.addJob("enrol")]) {
      setTimeout(() => fake.set(job.id, "Succeeded"), 200);
      expect(await collect(client.jobs.watch(job))).toEqual(["Sent", "Succeeded"]);
    }
    expect(fake.count("UPGRADE", "/v1/events")).toBe(1);
  });

  it("survives a socket that is silent although the job has ended", async () => {
    const job = fake.addJob("enrol");
    const watching = collect(client.jobs.watch(job));
    await expect.poll(jobReads).toBe(1);
    fake.jobs.set(job.id, { kind: "enrol", status: "Succeeded" });
    expect(await watching).toEqual(["Sent", "Succeeded"]);
  });

  it("survives nonsense on the socket", async () => {
    const job = fake.addJob("enrol");
    const watching = collect(client.jobs.watch(job));
    await expect.poll(fake.openSockets).toBe(1);
    await pause(50);
    fake.sendRaw("{nonsense");
    fake.set(job.id, "Succeeded");
    expect(await watching).toEqual(["Sent", "Succeeded"]);
  });

  it("waits out a server that is away for a while, and a token that ends meanwhile", async () => {
    await start({ events: "none" });
    client = createClient({ baseUrl: fake.url, clientId: "client", secretId: "secret", retries: 0 });
    const job = fake.addJob("enrol");
    const watching = collect(client.jobs.watch(job));
    await expect.poll(jobReads).toBeGreaterThan(0);
    fake.breakWith(() => "drop");
    await pause(700);
    fake.expireAccess();
    fake.repair();
    fake.set(job.id, "Succeeded");
    expect(await watching).toEqual(["Sent", "Succeeded"]);
  });

  it("waits out a fault before its first look, once the server has answered", async () => {
    await start({ events: "none" });
    client = createClient({ baseUrl: fake.url, clientId: "client", secretId: "secret", retries: 0 });
    await client.server();
    fake.breakWith(() => "drop");
    const job = fake.addJob("enrol");
    const watching = collect(client.jobs.watch(job));
    await pause(500);
    fake.repair();
    fake.set(job.id, "Succeeded");
    expect(await watching).toEqual(["Succeeded"]);
  });

  it("names the last fault as the cause when time runs out over it", async () => {
    await start({ events: "none" });
    client = createClient({ baseUrl: fake.url, clientId: "client", secretId: "secret", retries: 0 });
    const states = client.jobs.watch(fake.addJob("enrol"), { timeoutMs: 900 });
    await states.next();
    fake.breakWith(() => "drop");
    await expect(states.next()).rejects.toMatchObject({
      name: "TimeoutError",
      cause: { name: "ConnectionError" },
    });
  });

  it.each([
    ["503", { status: 503 }, { name: "ApiError", status: 503 }],
    ["no answer", "drop", { name: "ConnectionError" }],
  ] as const)("does so too for a call that starts a job and waits for it: %s", async (_, fault, cause) => {
    await start({ events: "none" });
    client = createClient({ baseUrl: fake.url, clientId: "client", secretId: "secret", retries: 0 });
    fake.breakWith(({ path }) => (path.startsWith("/v1/jobs/") ? fault : undefined));
    const image = new Blob(["face"]);
    await expect(client.search({ image }, { timeoutMs: 900 })).rejects.toMatchObject({
      name: "TimeoutError",
      timeoutMs: 900,
      cause,
    });
    await expect(client.jobs.wait("job-1", { timeoutMs: 900 })).rejects.toMatchObject({ cause });
  });

  it("does not go back when a retried job is Sent again", async () => {
    const job = fake.addJob("enrol");
    const watching = collect(client.jobs.watch(job));
    await expect.poll(fake.openSockets).toBe(1);
    await pause(50);
    for (const status of ["Started", "Sent", "Started", "Succeeded"]) fake.set(job.id, status);
    expect(await watching).toEqual(["Sent", "Started", "Succeeded"]);
  });

  it("asks at growing intervals where answers cannot be held", async () => {
    await start({ documentedOnly: true });
    const times: number[] = [];
    fake.breakWith(({ path }) => void (path.includes("job_id") && times.push(performance.now())));
    const job = fake.addJob("search");
    await expect(collect(client.jobs.watch(job, { timeoutMs: 3000 }))).rejects.toMatchObject({
      name: "TimeoutError",
    });
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    expect(gaps.length).toBeGreaterThan(2);
    expect(gaps.length).toBeLessThan(7);
    expect(gaps.at(-1)).toBeGreaterThan(gaps[0]! * 1.4);
  });

  it("makes nothing before its first next()", async () => {
    client.jobs.watch("job-1");
    await pause(30);
    expect(fake.seen).toEqual([]);
  });
});

describe("jobs.wait", () => {
  it("resolves with what the job made", async () => {
    await start({ documentedOnly: true });
    const job = fake.addJob("search");
    setTimeout(() => fake.set(job.id, "Succeeded", { results: [{ identity_id: "p1", score: 0.97 }] }), 100);
    expect(await client.jobs.wait(job)).toEqual({
      id: job.id,
      kind: "search",
      status: "Succeeded",
      done: true,
      matches: [{ identity_id: "p1", score: 0.97 }],
    });
  });

  for (const [status, reason] of [
    ["Failed", "image 1: no face found"],
    ["Revoked", "The job ended Revoked; the server gave no reason."],
  ] as const) {
    it(`throws JobFailedError with the reason when the job is ${status}`, async () => {
      await start({ documentedOnly: true });
      const job = fake.addJob("enrol");
      fake.set(job.id, status, status === "Failed" ? { error: reason } : {});
      await expect(client.jobs.wait(job)).rejects.toMatchObject({
        name: "JobFailedError",
        reason,
        job: { id: job.id, status },
      });
    });
  }

  it("throws TimeoutError when the job takes longer", async () => {
    await expect(client.jobs.wait(fake.addJob("enrol"), { timeoutMs: 200 })).rejects.toMatchObject({
      name: "TimeoutError",
      timeoutMs: 200,
    });
    await nothingLeft();
  });
});

describe("jobs.get", () => {
  it("finds a bare id on documented routes by asking one after another", async () => {
    await start({ documentedOnly: true });
    fake.addJob("recognize");
    fake.set("job-1", "Succeeded", { results: { identity_id: "p1", score: 0.5, recognition: false } });
    expect(await client.jobs.get("job-1")).toMatchObject({
      kind: "recognize",
      done: true,
      identityId: "p1",
      recognition: { identity_id: "p1", score: 0.5, recognition: false },
    });
    await expect(client.jobs.get("none")).rejects.toMatchObject({ name: "ApiError", status: 404 });
  });

  it("accepts what servers are seen to send: other statuses, nulls, further keys", async () => {
    await start({ documentedOnly: true });
    const job = fake.addJob("enrol", "Retried");
    fake.set(job.id, "Retried", { identity_id: null, error: null, eta: 3 });
    expect(await client.jobs.get(job)).toEqual({ id: job.id, kind: "enrol", status: "Retried", done: false });
  });

  it("reads matches as the documented route lists them, and keeps the detail", async () => {
    const job = fake.addJob("search");
    const candidate = (identity_id: string, score: number) => ({
      identity_id,
      face_id: "f",
      decision: "possible",
      fpir: 0.04,
      score,
      cosine: 0.1,
    });
    fake.set(job.id, "Succeeded", {
      result: { images: [], candidates: [candidate("p1", 0.9), candidate("p2", 0.85)] },
    });
    const state = await client.jobs.get(job);
    expect(state.matches).toEqual([{ identity_id: "p1", score: 0.9 }]);
    expect(state.detail?.result).toMatchObject({ candidates: [{ score: 0.9 }, { score: 0.85 }] });
  });
});

describe("events.watch", () => {
  it("tells all changes of the account and reconnects with the last cursor", async () => {
    const changes = client.events.watch();
    const job = fake.addJob("enrol");
    expect((await changes.next()).value).toEqual({ id: job.id, status: "Sent", cursor: "1" });
    const second = changes.next();
    fake.dropSockets();
    await expect.poll(() => fake.count("SOCKET", "/v1/events")).toBe(2);
    expect(JSON.parse(fake.seen.at(-1)!.body)).toMatchObject({ cursor: "1" });
    fake.set(job.id, "Succeeded");
    expect((await second).value).toMatchObject({ status: "Succeeded" });
    await changes.return!();
    await nothingLeft();
  });

  it("reconnects Server-Sent Events that break off in the middle, with the last cursor", async () => {
    await start({ events: "sse-only" });
    client = createClient({ baseUrl: fake.url, clientId: "client", secretId: "secret", WebSocket: null });
    const changes = client.events.watch();
    const first = changes.next();
    await expect.poll(fake.openStreams).toBe(1);
    const job = fake.addJob("enrol");
    fake.set(job.id, "Started");
    expect((await first).value).toMatchObject({ id: job.id, status: "Started", cursor: "1" });
    const second = changes.next();
    fake.dropSockets();
    await expect.poll(() => fake.count("GET", "/v1/events")).toBe(2);
    expect(fake.seen.at(-1)!.path).toBe("/v1/events?cursor=1");
    fake.set(job.id, "Succeeded");
    expect((await second).value).toMatchObject({ status: "Succeeded" });
    await changes.return!();
  });

  it("renews the token when the socket closes over it", async () => {
    const changes = client.events.watch();
    const first = changes.next();
    await expect.poll(() => fake.count("SOCKET", "/v1/events")).toBe(1);
    fake.expireAccess();
    fake.closeSockets(4401);
    await expect.poll(() => fake.count("SOCKET", "/v1/events")).toBe(2);
    expect(fake.seen.at(-1)!.authorization).toBe("Bearer access-2");
    fake.set(fake.addJob("enrol").id, "Started");
    expect((await first).value).toMatchObject({ status: "Started" });
    await changes.return!();
  });

  it("throws ApiError 410 for a cursor older than what is kept", async () => {
    await expect(client.events.watch({ cursor: "-1" }).next()).rejects.toMatchObject({
      name: "ApiError",
      status: 410,
    });
    await nothingLeft();
  });

  it("lets the stream go when the consumer leaves, by either transport", async () => {
    for (const options of [{}, { events: "sse-only" }] as const) {
      await start(options);
      const changes = client.events.watch();
      const next = changes.next();
      await expect.poll(() => fake.openSockets() + fake.openStreams()).toBe(1);
      await changes.return!();
      expect(await next).toEqual({ done: true, value: undefined });
      await nothingLeft();
    }
  });
});
