import { describe, expect, it } from "vitest";
import { createFairQueue } from "../src/auth/fair-queue.ts";
import { createLoginGate } from "../src/auth/login-gate.ts";
import { createLoginLimiter } from "../src/auth/limiter.ts";
import { defaultLimits } from "../src/limits.ts";
import { FakeClock, settle, start } from "./fixture.ts";

describe("logins from one address", () => {
  it("that are right pass among as many wrong ones, known from there or not", async () => {
    const api = await start();
    const strangers = await api.service.accounts.create({ name: "never here" });
    const flood = Array.from({ length: 60 }, (_, at) => api.login(`nobody-${at}`, "x".repeat(20)));
    const right = await Promise.all([
      ...Array.from({ length: 5 }, () => api.login()),
      ...Array.from({ length: 5 }, () => api.login(strangers.clientId, strangers.secretId)),
    ]);
    expect(right.map(({ status }) => status)).toEqual(right.map(() => 200));
    expect(new Set((await Promise.all(flood)).map(({ status }) => status))).toEqual(new Set([401]));
  });

  it("of a thousand client ids are ended for that address, and whoever logged in from there before still can", async () => {
    const api = await start();
    for (let round = 0; round < 3; round++)
      await Promise.all(Array.from({ length: 50 }, (_, at) => api.login(`made-up-${round}-${at}`, "wrong")));
    const another = await api.login("one-more", "wrong");
    expect(another.status).toBe(429);
    expect(Number(another.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await api.login()).status).toBe(200);
  });

  it("that guess one secret all at once get no more tries than one after the other", async () => {
    const api = await start();
    const { clientId } = await api.service.accounts.create({ name: "guessed at" });
    const answers = await Promise.all(Array.from({ length: 80 }, () => api.login(clientId, "a guess")));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(defaultLimits.loginFailures);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(80 - defaultLimits.loginFailures);
  });
});

describe("the queue before the slow hash", () => {
  it("gives each address its turn, and each client id of an address", async () => {
    const queue = createFairQueue({ atOnce: 1, perGroup: 100, all: 1_000 });
    const done: string[] = [];
    const gate = Promise.withResolvers<void>();
    const work = (name: string) => () => gate.promise.then(() => void done.push(name));
    const all = [
      queue.enter({ group: "a", key: "1" }, work("a1")),
      ...[1, 2, 3].map((at) => queue.enter({ group: "a", key: "1" }, work(`a1-${at}`))),
      queue.enter({ group: "a", key: "2" }, work("a2")),
      queue.enter({ group: "b", key: "1" }, work("b1")),
      queue.enter({ group: "c", key: "1", first: true }, work("c1")),
    ];
    gate.resolve();
    await Promise.all(all.map(async (entered) => entered));
    expect(done).toEqual(["a1", "c1", "a1-1", "b1", "a2", "a1-2", "a1-3"]);
  });

  it("is bounded, and has room left for those who go first", async () => {
    const queue = createFairQueue({ atOnce: 1, perGroup: 2, all: 100 });
    const never = () => new Promise<void>(() => {});
    const enter = (first = false) => queue.enter({ group: "a", key: "1", first }, never) !== undefined;
    expect([enter(), enter(), enter(), enter()]).toEqual([true, true, true, false]);
    expect([enter(true), enter(true), enter(true)]).toEqual([true, true, false]);
  });

  it("forgets nobody when work fails", async () => {
    const gate = createLoginGate(createLoginLimiter(new FakeClock(), defaultLimits));
    const who = { clientId: "a", address: "192.0.2.1" };
    const failing = Array.from({ length: 10 }, () =>
      gate.enter(who, () => Promise.reject(new Error("away"))),
    );
    expect((await Promise.allSettled(failing)).every(({ status }) => status === "rejected")).toBe(true);
    await settle();
    expect(await gate.enter(who, () => Promise.resolve("tokens"))).toBe("tokens");
  });
});
