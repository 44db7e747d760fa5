import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type StoredToken, createClient } from "../src/index.ts";
import { type Fake, problem, startFake } from "./fake-server.ts";

let fake: Fake;
beforeEach(async () => {
  fake = await startFake();
});
afterEach(() => fake[Symbol.asyncDispose]());

const credentials = { clientId: "client", secretId: "secret" };
const connect = (options = {}) => createClient({ baseUrl: fake.url, ...credentials, ...options });

describe("a token that no header can hold", () => {
  it.each(["secret\n", "secret\0", "secret\u2028"])(
    "is refused as a token, and not repeated: %j",
    async (token) => {
      const stored = { token, refreshToken: "r", expireTime: 60, expiresAt: Date.now() + 60_000 };
      const store = { get: () => stored, set: () => {} };
      for (const call of [
        () => createClient({ baseUrl: fake.url, token }).jobs.get("job-1"),
        () => createClient({ baseUrl: fake.url, tokenStore: store }).auth.refresh(),
        () => createClient({ baseUrl: fake.url, tokenStore: store }).auth.logout(),
      ]) {
        const error = await call().catch((thrown: unknown) => thrown as Error);
        expect(error).toMatchObject({ name: "AuthError", message: expect.not.stringContaining("secret") });
      }
      expect(fake.seen.filter(({ authorization }) => authorization)).toEqual([]);
    },
  );
});

describe("logging in", () => {
  it("happens at the first call, once for concurrent ones", async () => {
    const client = connect();
    expect(fake.seen).toEqual([]);
    const job = fake.addJob("search");
    await Promise.all([client.jobs.get(job), client.jobs.get(job), client.jobs.get(job)]);
    expect(fake.count("POST", "/login")).toBe(1);
  });

  it("sends the credentials in the body and no stale header", async () => {
    await connect().auth.login();
    expect(JSON.parse(fake.seen[0]!.body)).toEqual(credentials);
    expect(fake.seen[0]!.authorization).toBeUndefined();
  });

  it("answers the session's three values", async () => {
    expect(await connect().auth.login()).toEqual({
      token: "access-1",
      expireTime: 3600,
      refreshToken: "refresh-1",
    });
  });

  it("throws an AuthError for wrong credentials, and does not repeat them", async () => {
    const error = await connect({ secretId: "wrong" })
      .jobs.get("job-1")
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "AuthError", requestId: "request-1" });
    expect(fake.count("POST", "/login")).toBe(1);
    expect(JSON.stringify(error) + String(error)).not.toContain('wrong"');
  });

  it("throws an AuthError that says what is missing when there are no credentials", async () => {
    await expect(createClient({ baseUrl: fake.url }).jobs.get("job-1")).rejects.toThrow(
      /clientId and secretId, or a token/,
    );
    expect(fake.seen).toEqual([]);
  });

  it("reads expiresIn as well as expireTime, and ignores further keys and nulls", async () => {
    fake.breakWith(({ path }) =>
      path === "/login"
        ? {
            status: 200,
            body: { token: "t", refreshToken: "r", expireTime: null, expiresIn: 60, scope: "all" },
          }
        : undefined,
    );
    expect(await connect().auth.login()).toEqual({ token: "t", expireTime: 60, refreshToken: "r" });
  });
});

describe("an expired access token", () => {
  it("is refreshed once for concurrent calls, which are then repeated", async () => {
    const client = connect();
    const job = fake.addJob("search");
    await client.jobs.get(job);
    fake.expireAccess();
    const states = await Promise.all([1, 2, 3, 4].map(() => client.jobs.get(job)));
    expect(states).toHaveLength(4);
    expect(fake.count("POST", "/token")).toBe(1);
    expect(fake.count("POST", "/login")).toBe(1);
  });

  it("stays in the header of POST /token", async () => {
    const client = connect();
    await client.auth.login();
    fake.expireAccess();
    await client.server();
    const asked = fake.seen.find(({ path }) => path === "/token")!;
    expect(asked.authorization).toBe("Bearer access-1");
    expect(JSON.parse(asked.body)).toEqual({ refreshToken: "refresh-1" });
  });

  it("does not cost a job-starting POST its images: the repeat carries the whole body", async () => {
    const client = connect();
    await client.auth.login();
    fake.expireAccess();
    const bytes = new TextEncoder().encode("image-bytes-image-bytes");
    const stream = new Blob([bytes]).stream();
    await client.identities.create({ images: [stream] });
    const posts = fake.seen.filter(({ method, path }) => method === "POST" && path.endsWith("/identity"));
    expect(posts.map(({ body }) => body.includes("image-bytes-image-bytes"))).toEqual([true, true]);
    expect(fake.jobs.size).toBe(1);
  });

  it("is refreshed ahead of its end, so that no request fails for it", async () => {
    const stored: StoredToken = {
      token: "old",
      expireTime: 3600,
      refreshToken: "none",
      expiresAt: Date.now() + 10_000,
    };
    let held: StoredToken | undefined = stored;
    const client = connect({
      tokenStore: { get: () => held, set: (token: StoredToken | undefined) => void (held = token) },
    });
    await client.server();
    expect(fake.seen.map(({ path }) => path)).toEqual(["/token", "/login", "/v1/server"]);
    expect(held).toMatchObject({ token: "access-1", refreshToken: "refresh-1" });
  });

  it("does not spend the refresh token twice when a store answers late", async () => {
    let held: StoredToken | undefined;
    const later = () => new Promise<void>((resolve) => setTimeout(resolve, Math.random() * 20));
    const client = connect({
      tokenStore: {
        get: async () => (await later(), held),
        set: async (token: StoredToken | undefined) => (await later(), void (held = token)),
      },
    });
    await client.server();
    fake.expireAccess();
    const job = fake.addJob("search");
    await Promise.all(Array.from({ length: 8 }, () => client.jobs.get(job)));
    expect(fake.count("POST", "/token")).toBe(1);
    expect(fake.count("POST", "/login")).toBe(1);
  });
});

describe("a dead session", () => {
  it("is replaced by a new login", async () => {
    const client = connect();
    await client.auth.login();
    fake.endSession();
    await expect(client.server()).resolves.toMatchObject({ name: "prosopon" });
    expect(fake.count("POST", "/token")).toBe(1);
    expect(fake.count("POST", "/login")).toBe(2);
  });

  it("is an AuthError on an explicit refresh", async () => {
    const client = connect();
    await client.auth.login();
    fake.endSession();
    await expect(client.auth.refresh()).rejects.toMatchObject({ name: "AuthError" });
  });

  it("is not made of a refresh that merely could not be reached", async () => {
    const client = connect();
    await client.auth.login();
    fake.expireAccess();
    fake.breakWith(({ path }) => (path === "/token" ? "drop" : undefined));
    await expect(client.server()).rejects.toMatchObject({ name: "ConnectionError" });
    expect(fake.count("POST", "/login")).toBe(1);
  });

  it("ends in an AuthError, not in a loop, when every token is refused", async () => {
    fake.breakWith(({ path }) => (path.startsWith("/v1") ? problem(401, "no") : undefined));
    await expect(connect().server()).rejects.toMatchObject({ name: "AuthError" });
    expect(fake.count("GET", "/v1/server")).toBe(3);
  });

  it("is replaced by a new login even when its token was renewed on the way", async () => {
    const { token, expireTime, refreshToken } = await connect().auth.login();
    let held: StoredToken | undefined = {
      token,
      expireTime,
      refreshToken,
      expiresAt: Date.now() + 3_600_000,
    };
    const client = connect({
      tokenStore: { get: () => held, set: (next: StoredToken | undefined) => void (held = next) },
    });
    fake.breakWith(({ path, authorization }) => {
      if (path !== "/v1/server" || authorization !== `Bearer ${token}`) return undefined;
      // While this request was on the way another call refreshed, and then the session ended.
      held = { ...held!, token: "access-of-the-same-session" };
      fake.endSession();
      return problem(401, "the session has ended");
    });
    await expect(client.server()).resolves.toMatchObject({ name: "prosopon" });
    expect(fake.count("GET", "/v1/server")).toBe(3);
    expect(fake.count("POST", "/login")).toBe(2);
  });
});

describe("a passed-on token", () => {
  it("is used as it is and asked for anew at every request", async () => {
    await connect().auth.login();
    const asked: string[] = [];
    const client = createClient({ baseUrl: fake.url, token: () => (asked.push("ask"), "access-1") });
    await client.server();
    const before = asked.length;
    await client.jobs.get(fake.addJob("search"));
    await client.jobs.get("job-1");
    expect(asked.length - before).toBe(2);
    expect(fake.count("POST", "/login")).toBe(1);
  });

  it("never logs in or refreshes: a 401 is an AuthError at once", async () => {
    const client = createClient({ baseUrl: fake.url, token: "stale", ...credentials });
    await expect(client.server()).rejects.toMatchObject({ name: "AuthError", requestId: "request-1" });
    await expect(client.auth.login()).rejects.toMatchObject({ name: "AuthError" });
    await expect(client.auth.refresh()).rejects.toMatchObject({ name: "AuthError" });
    expect(fake.seen.map(({ path }) => path)).toEqual(["/v1/server"]);
  });
});

describe("auth.logout", () => {
  it("ends the session; the next call logs in again", async () => {
    const client = connect();
    await client.auth.login();
    await client.auth.logout();
    expect(fake.seen.at(-1)).toMatchObject({ path: "/logout", authorization: "Bearer access-1", body: "" });
    await client.server();
    expect(fake.count("POST", "/login")).toBe(2);
  });

  it("asks nothing of a server it never logged in to", async () => {
    await connect().auth.logout();
    expect(fake.seen).toEqual([]);
  });
});
