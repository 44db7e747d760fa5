import { beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../src/clock.ts";
import { rotateSigningKey } from "../src/index.ts";
import { backends } from "./backends.ts";
import { atEnd, start, type Fixture } from "./fixture.ts";

const HOUR = 3_600_000;

describe.for(backends)("the key that signs tokens, on $name", ({ open, skipped }) => {
  if (skipped) {
    it.skip(skipped, () => {});
    return;
  }
  let ahead = 0;
  const clock = { ...systemClock, now: () => Date.now() + ahead };
  /** Two nodes on one storage. */
  let one: Fixture;
  let two: Fixture;
  beforeAll(async () => {
    one = await start({ ...(await open(atEnd)), clock });
    two = await start({ storage: one.storage, clock });
  });

  const login = async (node: Fixture) => (await node.login(one.clientId, one.secretId)).body;
  const status = async (node: Fixture, token: string) =>
    (await node.call("GET", "/v1/account", { token })).status;
  const keyOf = (token: string) =>
    JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()).kid as string | undefined;
  const rotate = (atOnce = false) => rotateSigningKey(one.storage, { now: clock.now(), atOnce });

  it("is replaced while tokens signed with the one before stay good, on every node", async () => {
    const before = await login(one);
    expect(keyOf(before.token)).toBeUndefined();
    expect(await status(two, before.token)).toBe(200);
    const { kid } = await rotate();
    // Nodes go on signing with the key that they know, for half a minute at most.
    ahead += 30_000;
    const after = await login(one);
    expect(keyOf(after.token)).toBe(kid);
    for (const node of [one, two])
      for (const { token } of [before, after]) expect(await status(node, token)).toBe(200);
    const refreshed = await two.call("POST", "/token", {
      token: before.token,
      json: { refreshToken: before.refreshToken },
    });
    expect(refreshed.status).toBe(200);
    expect(keyOf(refreshed.body.token)).toBe(kid);
  });

  it("is known to a node at once that meets a token signed with it", async () => {
    const { token } = await login(two);
    expect(await status(two, token)).toBe(200); // has read the keys just now
    const { kid } = await rotate();
    const fresh = await start({ storage: one.storage, clock });
    const newest = await login(fresh);
    expect(keyOf(newest.token)).toBe(kid);
    expect(await status(two, newest.token)).toBe(200);
  });

  it("is the newest one made, also by a machine whose clock is behind", async () => {
    const { kid: made } = await rotate();
    const { kid } = await rotateSigningKey(one.storage, { now: clock.now() - HOUR });
    expect(Number(kid)).toBeGreaterThan(Number(made));
    const fresh = await start({ storage: one.storage, clock });
    expect(keyOf((await login(fresh)).token)).toBe(kid);
  });

  it("is forgotten by a rotation when every token that it signed has expired", async () => {
    ahead += 3 * HOUR;
    const before = (await one.storage.secrets("token-signing")).length;
    expect(before).toBe(5);
    expect((await rotate()).forgotten).toBe(4);
    expect((await one.storage.secrets("token-signing")).map(({ name }) => name)).not.toContain(
      "token-signing",
    );
    expect(await status(one, (await login(one)).token)).toBe(200);
  });

  it("can be taken away at once: everybody has to log in again", async () => {
    const before = await login(one);
    expect(await rotate(true)).toMatchObject({ ended: expect.any(Number) });
    for (const node of [one, two]) {
      expect(await status(node, before.token)).toBe(401);
      const refresh = { token: before.token, json: { refreshToken: before.refreshToken } };
      expect((await node.call("POST", "/token", refresh)).status).toBe(401);
      expect(await status(node, (await login(node)).token)).toBe(200);
    }
    expect(await one.storage.secrets("token-signing")).toHaveLength(1);
  });

  it("is none that a token makes up, nor one of another purpose", async () => {
    const { token } = await login(one);
    const [, payload, signature] = token.split(".");
    for (const kid of ["", "0", "../first-account", "1e9", "x".repeat(5_000)]) {
      const header = Buffer.from(JSON.stringify({ alg: "HS256", typ: "JWT", kid })).toString("base64url");
      expect(await status(one, `${header}.${payload}.${signature}`)).toBe(401);
    }
  });
});
