import { SignJWT, UnsecuredJWT, decodeJwt } from "jose";
import { describe, expect, it } from "vitest";
import { createTokens } from "../src/auth/tokens.ts";
import { StorageError, type Storage } from "../src/storage/types.ts";
import { FakeClock, keys, PROBLEM_KEYS, start } from "./fixture.ts";

const HOUR_MS = 3_600_000;
const JOB = "/innovation-service/identity?job_id=x";

describe("POST /login", async () => {
  const api = await start();

  it("answers exactly token, expireTime and refreshToken, in an alphabet that needs no encoding", async () => {
    const { status, body } = await api.login();
    expect(status).toBe(200);
    expect(keys(body).sort()).toEqual(["expireTime", "refreshToken", "token"]);
    expect(body.expireTime).toBe(3600);
    expect(body.token + body.refreshToken).toMatch(/^[A-Za-z0-9._-]+$/);
  });

  it("ignores extra keys, null keys, the declared type and a stale token in the header", async () => {
    const { clientId, secretId } = api;
    const json = { clientId, secretId, grant: null, scope: ["x"], refreshToken: null };
    expect((await api.call("POST", "/login", { json, token: "stale" })).status).toBe(200);
    const body = JSON.stringify(json);
    for (const type of ["application/x-www-form-urlencoded", "text/plain"]) {
      expect((await api.call("POST", "/login", { body, headers: { "content-type": type } })).status).toBe(
        200,
      );
    }
  });

  it("takes credentials as long as anyone may choose, and of any characters", async () => {
    const clientId = "ключ ".repeat(40);
    const secretId = "§".repeat(10_000);
    await api.service.accounts.create({ clientId, secretId });
    expect((await api.login(clientId, secretId)).status).toBe(200);
  });

  it("answers 401 alike for an unknown client and a wrong secret", async () => {
    const [unknown, wrong] = [await api.login("nobody", "x"), await api.login(api.clientId, "x")];
    expect(unknown.status).toBe(401);
    expect(unknown.headers.get("www-authenticate")).toContain("Bearer");
    expect(keys(unknown.body)).toEqual(PROBLEM_KEYS);
    expect(unknown.body).toEqual(wrong.body);
  });

  it("takes as long for an unknown client as for a wrong secret", async () => {
    const timed = async (clientId: string) => {
      const begun = performance.now();
      await api.login(clientId, "x");
      return performance.now() - begun;
    };
    await timed("warm-up");
    const [unknown, wrong]: number[][] = [[], []];
    for (let i = 0; i < 9; i++) {
      unknown!.push(await timed("nobody-2"));
      wrong!.push(await timed(api.clientId));
    }
    // The fastest of nine, as other work on the machine only adds. Argon2 takes tens of ms, all else a few: the hash left out would show.
    const ratio = Math.min(...unknown!) / Math.min(...wrong!);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
    await api.login();
  });

  it.each([
    ["nothing", ""],
    ["no JSON", "clientId=a&secretId=b"],
    ["an array", "[]"],
    ["null", "null"],
    ["a number for a client id", '{"clientId":1,"secretId":"b"}'],
    ["no secret", '{"clientId":"a"}'],
    ["an empty secret", '{"clientId":"a","secretId":""}'],
    ["a cut-off document", '{"clientId":"a","secretId":"b"'],
    ["a bomb of brackets", `{"clientId":"a","secretId":"b","x":${"[".repeat(20_000)}${"]".repeat(20_000)}}`],
  ])("answers 400 to %s", async (_, body) => {
    const answer = await api.call("POST", "/login", {
      body,
      headers: { "content-type": "application/json" },
    });
    expect(answer.status).toBe(400);
    expect(keys(answer.body)).toEqual(PROBLEM_KEYS);
    expect(answer.body).toMatchObject({ statusCode: 400, error: "Bad Request" });
  });

  it("answers 413 to a body over 64 KiB", async () => {
    const answer = await api.call("POST", "/login", {
      json: { clientId: "a", secretId: "b".repeat(70_000) },
    });
    expect(answer.status).toBe(413);
  });

  it("makes guessing wait, and says how long, without locking out another address", async () => {
    const { clientId, secretId } = await api.service.accounts.create();
    const login = (secret: string, address: string) =>
      api.service.fetch(
        new Request("http://x/login", {
          method: "POST",
          body: JSON.stringify({ clientId, secretId: secret }),
        }),
        { address },
      );
    for (let i = 0; i < 20; i++) expect((await login("guess", "10.0.0.1")).status).toBe(401);
    const blocked = await login(secretId, "10.0.0.1");
    expect(blocked.status).toBe(429);
    expect(Number(blocked.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await login(secretId, "10.0.0.2")).status).toBe(200);
  });
});

describe("access tokens", async () => {
  const clock = new FakeClock();
  const api = await start({ clock });

  it("are needed everywhere but on open routes", async () => {
    for (const [method, route] of [
      ["GET", JOB],
      ["POST", "/innovation-service/identity"],
      ["DELETE", "/innovation-service/identity?identity_id=x"],
      ["GET", "/v1/server"],
      ["GET", "/v1/events"],
    ]) {
      const answer = await api.call(method!, route!, { token: null });
      expect(answer.status, `${method} ${route}`).toBe(401);
      expect(answer.headers.get("www-authenticate")).toContain("invalid_token");
      expect(keys(answer.body)).toEqual(PROBLEM_KEYS);
    }
    expect((await api.call("GET", "/healthz", { token: null })).status).toBe(200);
  });

  it("are refused when malformed, foreign, unsigned or signed with another algorithm", async () => {
    const claims = decodeJwt(api.token) as { sub: string; sid: string };
    const sign = (alg: string, key: Uint8Array) =>
      new SignJWT({ sid: claims.sid })
        .setProtectedHeader({ alg, typ: "JWT" })
        .setSubject(claims.sub)
        .setExpirationTime("1h")
        .sign(key);
    const [head, payload] = api.token.split(".");
    const bad = [
      "x",
      "a.b.c",
      `${head}.${payload}.`,
      api.token.slice(0, -2),
      await sign("HS256", new Uint8Array(32)),
      await sign(
        "HS512",
        await api.storage.secret("token-signing", 32).then((key) => new Uint8Array([...key, ...key])),
      ),
      new UnsecuredJWT({ sid: claims.sid }).setSubject(claims.sub).setExpirationTime("1h").encode(),
    ];
    for (const token of bad) expect((await api.call("GET", JOB, { token })).status, token).toBe(401);
  });

  it("take the scheme's name in any case", async () => {
    expect(
      (await api.call("GET", JOB, { token: null, headers: { authorization: `bearer ${api.token}` } })).status,
    ).toBe(200);
  });

  it("end after an hour, and are still good for POST /token then", async () => {
    const { token, refreshToken } = (await api.login()).body;
    await clock.advance(HOUR_MS - 2_000);
    expect((await api.call("GET", JOB, { token })).status).toBe(200);
    const fresh = await api.call("POST", "/token", { token, json: { refreshToken, other: null } });
    expect(fresh.status).toBe(200);
    await clock.advance(3_000);
    expect((await api.call("GET", JOB, { token })).status).toBe(401);
    expect((await api.call("GET", JOB, { token: fresh.body.token })).status).toBe(200);
    const again = await api.call("POST", "/token", {
      token,
      json: { refreshToken: fresh.body.refreshToken },
    });
    expect(again.status).toBe(200);
    expect(keys(again.body).sort()).toEqual(["expireTime", "refreshToken", "token"]);
  });

  it("leave the session dead when both have expired", async () => {
    const { token, refreshToken } = (await api.login()).body;
    await clock.advance(HOUR_MS + 1_000);
    expect((await api.call("POST", "/token", { token, json: { refreshToken } })).status).toBe(401);
  });
});

describe("POST /token", async () => {
  const api = await start();

  it("rotates: the old access token lives on, the new pair works", async () => {
    const first = (await api.login()).body;
    const second = (
      await api.call("POST", "/token", { token: first.token, json: { refreshToken: first.refreshToken } })
    ).body;
    expect(second.token).not.toBe(first.token);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    for (const token of [first.token, second.token])
      expect((await api.call("GET", JOB, { token })).status).toBe(200);
  });

  it("ends the session when a spent refresh token comes again", async () => {
    const first = (await api.login()).body;
    const second = (
      await api.call("POST", "/token", { token: first.token, json: { refreshToken: first.refreshToken } })
    ).body;
    expect(
      (await api.call("POST", "/token", { token: first.token, json: { refreshToken: first.refreshToken } }))
        .status,
    ).toBe(401);
    expect((await api.call("GET", JOB, { token: second.token })).status).toBe(401);
    expect(
      (await api.call("POST", "/token", { token: second.token, json: { refreshToken: second.refreshToken } }))
        .status,
    ).toBe(401);
  });

  it("answers 401 to an empty, null, missing, foreign or made-up refresh token, and to a bad access token", async () => {
    const mine = (await api.login()).body;
    const other = (await api.login()).body;
    const bad = [
      "",
      null,
      undefined,
      7,
      "x",
      "x.y",
      other.refreshToken,
      `${mine.refreshToken.split(".")[0]}.x`,
    ];
    for (const refreshToken of bad) {
      expect(
        (await api.call("POST", "/token", { token: mine.token, json: { refreshToken } })).status,
        String(refreshToken),
      ).toBe(401);
    }
    expect(
      (await api.call("POST", "/token", { token: "x", json: { refreshToken: other.refreshToken } })).status,
    ).toBe(401);
    expect(
      (await api.call("POST", "/token", { token: null, json: { refreshToken: other.refreshToken } })).status,
    ).toBe(401);
    expect(
      (await api.call("POST", "/token", { token: other.token, json: { refreshToken: other.refreshToken } }))
        .status,
    ).toBe(200);
  });
});

describe("POST /logout", async () => {
  const clock = new FakeClock();
  const api = await start({ clock });

  it.each([
    ["no body", {}],
    ["an empty form", { body: "", headers: { "content-type": "application/x-www-form-urlencoded" } }],
    ["empty JSON", { body: "{}", headers: { "content-type": "application/json" } }],
  ])("answers 204 with %s, and both tokens are dead at once", async (_, options) => {
    const { token, refreshToken } = (await api.login()).body;
    expect((await api.call("POST", "/logout", { token, ...options })).status).toBe(204);
    expect((await api.call("GET", JOB, { token })).status).toBe(401);
    expect((await api.call("POST", "/token", { token, json: { refreshToken } })).status).toBe(401);
    expect((await api.call("POST", "/logout", { token })).status).toBe(204);
  });

  it("takes an expired token, and refuses a bad one", async () => {
    const { token } = (await api.login()).body;
    await clock.advance(HOUR_MS + 1_000);
    expect((await api.call("POST", "/logout", { token })).status).toBe(204);
    expect((await api.call("POST", "/logout", { token: "x" })).status).toBe(401);
  });
});

describe("accounts", async () => {
  const api = await start();

  it("lose every session when disabled or rotated, and get in again when enabled, with the new secret", async () => {
    const { clientId, secretId } = await api.service.accounts.create({ name: "short-lived" });
    const { token } = (await api.login(clientId, secretId)).body;
    await api.service.accounts.disable(clientId);
    expect((await api.call("GET", JOB, { token })).status).toBe(401);
    expect((await api.login(clientId, secretId)).status).toBe(401);
    await api.service.accounts.enable(clientId);
    expect((await api.login(clientId, secretId)).status).toBe(200);
    const rotated = await api.service.accounts.rotate(clientId);
    expect((await api.login(clientId, secretId)).status).toBe(401);
    expect((await api.login(clientId, rotated.secretId)).status).toBe(200);
  });

  it("keep neither the secret nor a fast hash of it", async () => {
    const { clientId, secretId } = await api.service.accounts.create();
    const account = await api.storage.accounts.byClientId(clientId);
    expect(account?.secretHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(JSON.stringify(await api.service.accounts.list())).not.toContain("argon2");
    expect(JSON.stringify(account)).not.toContain(secretId);
  });

  it("refuse a client id that is taken, and say so of an unknown one", async () => {
    await expect(api.service.accounts.create({ clientId: api.clientId })).rejects.toMatchObject({
      code: "conflict",
    });
    await expect(api.service.accounts.rotate("nobody")).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("the key that signs tokens", () => {
  it("is asked for again when the database was away, and meanwhile no token is called wrong", async () => {
    const { storage, service, clientId } = await start();
    const account = (await storage.accounts.byClientId(clientId))!;
    const clock = { now: Date.now, after: () => () => {} };
    const { token } = (await createTokens({ storage, clock }).issue(account))!;
    let away = true;
    const secrets: Storage["secrets"] = async (prefix) => {
      if (away) throw new StorageError("unusable", "The database does not answer.");
      return storage.secrets(prefix);
    };
    const tokens = createTokens({ storage: { ...storage, secrets }, clock });
    await expect(tokens.check(token)).rejects.toMatchObject({ name: "StorageError" });
    away = false;
    expect(await tokens.check(token)).toMatchObject({ accountId: account.id });
    await service.close();
  });
});
