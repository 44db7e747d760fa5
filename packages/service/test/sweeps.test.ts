import { describe, expect, it } from "vitest";
import { openSqliteStorage } from "../src/storage/sqlite/open.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Storage } from "../src/index.ts";
import { backends } from "./backends.ts";
import { atEnd, eventually, FakeClock, realEngine, settle, start } from "./fixture.ts";
import { claimOne, enqueue, newAccount } from "./storage/samples.ts";

const MINUTE_MS = 60_000;

async function embedded(): Promise<Storage> {
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-sweeps-"));
  const storage = await openSqliteStorage({ directory });
  atEnd(async () => {
    await storage.close();
    await rm(directory, { recursive: true });
  });
  return storage;
}

/** A server whose sweeps of sessions do what the test says; its engine never proves itself, so no job is claimed. */
async function sweeping(sweep: Storage["sessions"]["sweep"], more: Partial<Storage> = {}) {
  const clock = new FakeClock();
  const storage = await embedded();
  const engine = { ...realEngine(), warm: () => new Promise<never>(() => {}) };
  const sessions = { ...storage.sessions, sweep };
  return { clock, api: await start({ clock, engine, storage: { ...storage, ...more, sessions } }) };
}

describe("sweeps", () => {
  it("do not overlap, however long one takes", async () => {
    let begun = 0;
    let last = Promise.withResolvers<number>();
    const { clock } = await sweeping(() => {
      begun++;
      return (last = Promise.withResolvers<number>()).promise;
    });
    await clock.advance(2_000);
    await eventually(() => begun).toBe(1);
    await clock.advance(60 * MINUTE_MS);
    expect(begun).toBe(1);
    last.resolve(0);
    // From the end of one to the next, however long the images take to be listed.
    await eventually(async () => (await clock.advance(MINUTE_MS), begun)).toBe(2);
    last.resolve(0);
  });

  it("end with the server: a step under way is waited for, and no other follows", async () => {
    const order: string[] = [];
    const step = Promise.withResolvers<string[]>();
    const uploads = { sweep: () => step.promise.finally(() => order.push("step")) };
    const { clock, api } = await sweeping(async () => order.push("next step"), {
      uploads: uploads as never,
    });
    await clock.advance(2_000);
    const closed = api.service.close().then(() => order.push("closed"));
    await settle();
    expect(order).toEqual([]);
    step.resolve([]);
    await closed;
    await clock.advance(60 * MINUTE_MS);
    expect(order).toEqual(["step", "closed"]);
  });

  it("do not hold up the server's end for a database that never answers", async () => {
    const { clock, api } = await sweeping(() => new Promise(() => {}));
    await clock.advance(2_000);
    const closed = api.service.close();
    for (let seconds = 0; seconds < 10; seconds++) await clock.advance(1_000);
    await closed;
  });

  it("go on after a fault, with the next step and the next time", async () => {
    let swept = 0;
    const uploads = { sweep: () => Promise.reject(new Error("the disk is full")) };
    const { clock, api } = await sweeping(async () => ++swept, { uploads: uploads as never });
    await clock.advance(2_000);
    await eventually(() => swept).toBe(1);
    await eventually(async () => (await clock.advance(MINUTE_MS), swept)).toBe(2);
    expect(api.log.filter((line) => line.includes("could not sweep"))).toHaveLength(2);
  });
});

describe.each(backends)("a sweep of much on $name", ({ open, skipped }) => {
  const JOBS = 2_500;

  it.skipIf(skipped)("lets others have turns, and stops where it is told to", async () => {
    const { storage = await embedded() } = await open(atEnd);
    const accountId = await newAccount(storage);
    for (let i = 0; i < JOBS; i++) {
      const jobId = await enqueue(storage, accountId, { kind: "search", images: [], maxResult: 1 });
      const { leaseId } = (await claimOne(storage))!;
      await storage.jobs.finish({ jobId, leaseId }, { type: "answered", result: {} }, 2000);
    }
    const stop = new AbortController();
    let turns = 0;
    const count = (): void => {
      turns++;
      if (turns === 2) stop.abort();
      ticking = setImmediate(count);
    };
    let ticking = setImmediate(count);
    const first = await storage.jobs.sweep(3000, stop.signal);
    expect(first).toBeLessThan(JOBS);
    turns = 3;
    expect(first + (await storage.jobs.sweep(3000))).toBe(JOBS);
    expect(turns).toBeGreaterThan(5);
    clearImmediate(ticking);
  });
});
