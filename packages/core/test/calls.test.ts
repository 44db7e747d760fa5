import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type ApiError,
  createClient,
  isApiError,
  isConnectionError,
  isContractError,
  isTimeoutError,
} from "../src/index.ts";
import { type Fake, problem, startFake } from "./fake-server.ts";

let fake: Fake;
beforeEach(async () => {
  fake = await startFake();
});
afterEach(() => fake[Symbol.asyncDispose]());

const connect = (options = {}) =>
  createClient({ baseUrl: fake.url, clientId: "client", secretId: "secret", ...options });
const image = new Uint8Array([0xff, 0xd8, 1, 2, 3]);
const IDENTITY = "/innovation-service/identity";
const thrownBy = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.unreachable("it should have thrown"),
    (error: unknown) => error,
  );

describe("createClient", () => {
  it("says what is wrong with its options", () => {
    expect(() => createClient({})).toThrow(/needs a baseUrl/);
    expect(() => createClient({ baseUrl: "faces.example.com" })).toThrow(/http or https URL/);
    expect(() => createClient({ baseUrl: "ftp://faces.example.com" })).toThrow(/http or https URL/);
    expect(() => createClient({ baseUrl: "https://me:secret@faces.example.com" })).toThrow(/no user name/);
  });

  it("keeps a path in the base URL, with or without a slash at its end", async () => {
    for (const baseUrl of ["http://faces.invalid/api", "http://faces.invalid/api/"]) {
      const urls: string[] = [];
      const fetch = async (request: Request) => (urls.push(request.url), Response.json({}, { status: 404 }));
      await createClient({ baseUrl, token: "t", fetch }).server();
      expect(urls).toEqual(["http://faces.invalid/api/v1/server"]);
    }
  });
});

describe("a GET", () => {
  it("is repeated after a lost connection", async () => {
    let drops = 2;
    fake.breakWith(({ path }) => (path === "/v1/server" && drops-- > 0 ? "drop" : undefined));
    await expect(connect().server()).resolves.toMatchObject({ name: "prosopon" });
    expect(fake.count("GET", "/v1/server")).toBe(3);
  });

  it("is repeated after a 503, no sooner than Retry-After", async () => {
    const job = fake.addJob("search");
    const client = connect();
    await client.server();
    const times: number[] = [];
    fake.breakWith(({ path }) => {
      if (!path.startsWith("/v1/jobs")) return undefined;
      times.push(performance.now());
      return times.length === 1 ? problem(503, "busy", { "retry-after": "1" }) : undefined;
    });
    await client.jobs.get(job);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
  });

  it("is given up after the configured repeats, with what the server said", async () => {
    const client = connect({ retries: 1 });
    await client.server();
    fake.breakWith(({ path }) => (path.startsWith("/v1/jobs") ? problem(500, "it broke") : undefined));
    const error = (await thrownBy(client.jobs.get("job-1"))) as ApiError;
    expect(isApiError(error)).toBe(true);
    expect(error).toMatchObject({
      status: 500,
      message: "it broke",
      requestId: "request-1",
      body: { statusCode: 500, message: "it broke" },
    });
    expect(fake.count("GET", "/v1/jobs/job-1")).toBe(2);
  });

  it("is not repeated after a 4xx", async () => {
    const client = connect();
    await client.server();
    fake.breakWith(({ path }) => (path.startsWith("/v1/jobs") ? problem(403, "no scope") : undefined));
    await expect(client.jobs.get("job-1")).rejects.toMatchObject({ name: "ApiError", status: 403 });
    expect(fake.count("GET", "/v1/jobs/job-1")).toBe(1);
  });
});

describe("a job-starting POST or PUT", () => {
  for (const fault of [
    "drop",
    problem(500, "it broke"),
    problem(503, "busy", { "retry-after": "0" }),
  ] as const) {
    it(`is never repeated after ${typeof fault === "string" ? "a lost connection" : `a ${fault.status}`}`, async () => {
      const client = connect();
      const starts = [IDENTITY, "/v1/faces", "/v1/identities"];
      fake.breakWith(({ path }) => (starts.some((start) => path.startsWith(start)) ? fault : undefined));
      await expect(client.identities.create({ images: [image] })).rejects.toThrow();
      await expect(client.identities.addImages("p1", { images: [image] })).rejects.toThrow();
      await expect(client.identities.delete("p1")).rejects.toThrow();
      expect([
        fake.count("POST", IDENTITY),
        fake.count("POST", "/v1/faces"),
        fake.count("DELETE", "/v1/identities"),
      ]).toEqual([1, 1, 1]);
    });
  }

  it("is repeated after a 429, which says it was not carried out, no sooner than Retry-After", async () => {
    const times: number[] = [];
    fake.breakWith(({ path }) => {
      if (path !== IDENTITY) return undefined;
      times.push(performance.now());
      return times.length === 1 ? problem(429, "slow down", { "retry-after": "1" }) : undefined;
    });
    await expect(connect().identities.create({ images: [image] })).resolves.toEqual({
      id: "job-1",
      kind: "enrol",
    });
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
    expect(fake.seen.at(-1)!.body).toContain("input_images");
  });
});

describe("an answer that breaks the contract", () => {
  it("is a ContractError that names the place but not the value", async () => {
    fake.breakWith(({ path }) =>
      path === "/login"
        ? { status: 200, body: { token: 12345, expireTime: 1, refreshToken: "very-secret" } }
        : undefined,
    );
    const error = await thrownBy(connect().server());
    expect(isContractError(error)).toBe(true);
    expect(error).toMatchObject({ issues: [{ path: "token", expected: "string" }], requestId: "request-1" });
    expect(String(error) + JSON.stringify(error)).not.toMatch(/12345|very-secret/);
  });

  it("is a ContractError when it is not JSON", async () => {
    fake.breakWith(({ path }) => (path === IDENTITY ? { status: 200, body: "<html>" } : undefined));
    await expect(connect().identities.create({ images: [image] })).rejects.toMatchObject({
      name: "ContractError",
      issues: [{ path: "", expected: "JSON" }],
    });
  });

  it("is a ConnectionError when it breaks off", async () => {
    fake.breakWith(({ path }) => (path === IDENTITY ? "cut" : undefined));
    const error = await thrownBy(connect().identities.create({ images: [image] }));
    expect(isConnectionError(error)).toBe(true);
  });
});

describe("an error", () => {
  it("never carries the token or the request", async () => {
    const client = connect({ retries: 0 });
    await client.auth.login();
    for (const fault of ["drop", problem(500, "it broke")] as const) {
      fake.breakWith(() => fault);
      const error = (await thrownBy(client.jobs.get("job-1"))) as Error;
      const { inspect } = await import("node:util");
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("access-1");
    }
  });

  it("keeps a message from a server that does not keep the documented body", async () => {
    fake.breakWith(({ path }) =>
      path === IDENTITY
        ? { status: 502, headers: { "content-type": "text/html" }, body: "<h1>Bad Gateway</h1>" }
        : undefined,
    );
    await expect(connect().identities.create({ images: [image] })).rejects.toMatchObject({
      status: 502,
      message: "The server answered HTTP 502.",
    });
  });
});

describe("timeoutMs", () => {
  it("ends a call that gets no answer, repeats included", async () => {
    fake.breakWith(() => "hang");
    const error = await thrownBy(connect({ timeoutMs: 200 }).server());
    expect(isTimeoutError(error)).toBe(true);
    expect(error).toMatchObject({ timeoutMs: 200 });
    // A repeat would get as long again.
    expect(fake.seen).toHaveLength(1);
  });

  it("ends a call whose custom fetch knows nothing of signals", async () => {
    const client = createClient({ token: "t", fetch: () => new Promise(() => undefined) });
    await expect(client.server({ timeoutMs: 50 })).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("ends a wait for Retry-After", async () => {
    fake.breakWith(({ path }) =>
      path === IDENTITY ? problem(429, "slow down", { "retry-after": "60" }) : undefined,
    );
    await expect(connect().identities.create({ images: [image] }, { timeoutMs: 300 })).rejects.toMatchObject({
      name: "TimeoutError",
    });
  });

  it("refuses what is not a duration", async () => {
    await expect(connect().server({ timeoutMs: Number.NaN })).rejects.toThrow(RangeError);
  });
});

describe("an AbortSignal", () => {
  it("ends a call at once with its own reason, and the request with it", async () => {
    fake.breakWith(() => "hang");
    const controller = new AbortController();
    const call = thrownBy(connect().server({ signal: controller.signal }));
    await expect.poll(() => fake.openRequests()).toBe(1);
    const reason = new Error("the user left");
    controller.abort(reason);
    expect(await call).toBe(reason);
  });

  it("that was aborted before makes no request", async () => {
    await expect(connect().server({ signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow(
      "too late",
    );
    expect(fake.seen).toEqual([]);
  });

  it("of one caller does not end the login that others wait for", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const client = connect({
      fetch: async (request: Request) => {
        if (request.url.endsWith("/login")) await gate;
        return fetch(request);
      },
    });
    const controller = new AbortController();
    const job = fake.addJob("search");
    const left = thrownBy(client.jobs.get(job, { signal: controller.signal }));
    const stays = client.jobs.get(job);
    controller.abort();
    await left;
    release();
    await expect(stays).resolves.toMatchObject({ status: "Sent" });
  });
});

describe("images", () => {
  it("are taken as Blob, File, bytes, ArrayBuffer, stream and upload id", async () => {
    const client = connect();
    const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
    await client.identities.create({
      images: [
        new Blob([png]),
        new File([image], "me.jpg", { type: "image/jpeg" }),
        image,
        image.buffer,
        new Blob([image]).stream(),
      ],
    });
    const { body } = fake.seen.at(-1)!;
    expect(body.match(/name="input_images"/g)).toHaveLength(5);
    expect(body.match(/filename="[^"]+"\r\nContent-Type: [^\r]+/g)).toEqual([
      'filename="image.png"\r\nContent-Type: image/png',
      'filename="me.jpg"\r\nContent-Type: image/jpeg',
      ...Array(3).fill('filename="image.jpg"\r\nContent-Type: image/jpeg'),
    ]);
    await client.identities.search({ image: { uploadId: "u-1" }, maxResult: 3 });
    expect(fake.seen.at(-1)!.body).toMatch(
      /name="max_result"\r\n\r\n3\r\n[^]*name="input_image"\r\n\r\nu-1\r\n/,
    );
  });

  it("are refused in words before anything is sent", async () => {
    const { identities } = connect();
    await expect(identities.create({ images: [] })).rejects.toThrow(/1 to 5 images, not 0/);
    await expect(identities.create({ images: Array.from({ length: 6 }, () => image) })).rejects.toThrow(
      /1 to 5 images, not 6/,
    );
    await expect(identities.search({ image: new Blob([]) })).rejects.toThrow(/empty/);
    await expect(identities.search({ image: "face.jpg" as never })).rejects.toThrow(/must be a Blob, File/);
    await expect(identities.delete([])).rejects.toThrow(/at least one/);
    expect(fake.seen).toEqual([]);
  });

  it("that are streams are let go when the call is aborted", async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: () => new Promise(() => undefined),
      cancel: () => void (cancelled = true),
    });
    await expect(connect().identities.search({ image: endless }, { timeoutMs: 50 })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    await expect.poll(() => cancelled).toBe(true);
  });
});

describe("a server with only the documented routes", () => {
  for (const status of [403, 404, 405]) {
    it(`is known by a ${status} for /v1/server, asked once`, async () => {
      fake.breakWith(({ path }) => (path.startsWith("/v1") ? problem(status, "no such route") : undefined));
      const client = connect();
      expect(await client.server()).toBeUndefined();
      expect(await client.server()).toBeUndefined();
      expect(fake.count("GET", "/v1/server")).toBe(1);
    });
  }

  it("makes what needs /v1 a clear 501 and leaves the rest working", async () => {
    fake.breakWith(({ path }) =>
      path.startsWith("/v1")
        ? { status: 200, headers: { "content-type": "text/html" }, body: "<html>app</html>" }
        : undefined,
    );
    const client = connect();
    await expect(client.identities.list()).rejects.toMatchObject({
      name: "ApiError",
      status: 501,
      message: expect.stringContaining("only the documented routes"),
    });
    await expect(client.identities.create({ images: [image], externalId: "me" })).rejects.toMatchObject({
      status: 501,
    });
    await expect(client.events.watch().next()).rejects.toMatchObject({ status: 501 });
    await expect(client.jobs.retry("job-1")).rejects.toMatchObject({ status: 501 });
    await expect(client.identities.create({ images: [image] })).resolves.toMatchObject({ kind: "enrol" });
  });

  it("is told from an older Prosopon, which lacks a capability, and is asked no further", async () => {
    await expect(connect().jobs.retry("job-1")).rejects.toMatchObject({
      status: 501,
      message: "Retrying a job needs a newer Prosopon server.",
    });
    expect(fake.count("POST", "/v1/jobs/job-1/retry")).toBe(0);
  });

  it("is not concluded from a fault: the next call asks again", async () => {
    const client = connect({ retries: 0 });
    fake.breakWith(({ path }) => (path === "/v1/server" ? problem(500, "it broke") : undefined));
    await expect(client.server()).rejects.toMatchObject({ status: 500 });
    fake.repair();
    await expect(client.server()).resolves.toMatchObject({ name: "prosopon" });
  });
});

it("never retries into a server that is not there for longer than it takes", async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const error = (await thrownBy(
    createClient({ baseUrl: `http://127.0.0.1:${port}`, token: "t", retries: 1 }).server(),
  )) as Error;
  expect(isConnectionError(error)).toBe(true);
  expect(error.message).toContain("ECONNREFUSED");
});
