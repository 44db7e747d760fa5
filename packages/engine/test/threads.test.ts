import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createEngine } from "../src/index.ts";
import { createThreads } from "../src/threads/pool.ts";
import { groups, portrait } from "./photos.ts";

const bounds = { maxPixels: 1e8, maxPngPixels: 1e8, decodeMemory: 1e9 };
const fragile = new URL("fragile-thread.ts", import.meta.url);

describe("a thread that dies", () => {
  it.each(["die", "throw"])(
    "fails the image it had (%s), and the next one gets a new thread",
    async (fault) => {
      const threads = createThreads(fragile, 1, bounds);
      const before = await threads.run({ path: "fine" }, {});
      const [dead, ...waiting] = await Promise.allSettled([
        threads.run({ path: fault }, {}),
        threads.run({ path: "fine" }, {}),
        threads.run({ path: "fine" }, {}),
      ]);
      expect(dead).toMatchObject({
        status: "rejected",
        reason: { message: expect.stringMatching(/may be tried again/) as unknown },
      });
      for (const result of waiting) {
        expect(result.status).toBe("fulfilled");
        if (result.status === "fulfilled") expect(result.value.width).not.toBe(before.width);
      }
      await threads.close();
    },
  );
});

describe("a thread that dies with several images", () => {
  it("fails all of them", async () => {
    const threads = createThreads(fragile, 1, bounds);
    const results = await Promise.allSettled([
      threads.run({ path: "wait" }, { priority: 2 }),
      threads.run({ path: "wait" }, { priority: 1 }),
      threads.run({ path: "die" }, { priority: 0 }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect((await threads.run({ path: "fine" }, {})).height).toBe(0);
    await threads.close();
  });
});

describe("images of one owner that don't end", () => {
  it.each([1, 2])(
    "keep nobody else waiting, in order or not (%i threads), and lose nothing by it",
    async (count) => {
      const threads = createThreads(fragile, count, bounds);
      const abort = new AbortController();
      const hung = Array.from({ length: 6 }, (_, at) =>
        threads.run({ path: "wait" }, { owner: "one", priority: at, signal: abort.signal }),
      );
      const done = Promise.allSettled(hung);
      // Later than all of theirs.
      for (let at = 0; at < 3; at++)
        expect((await threads.run({ path: "fine" }, { owner: "two", priority: 99 })).height).toBe(0);
      const results = await Promise.all(
        ["two", "three", "two"].map((owner) => threads.run({ path: "fine" }, { owner, priority: 99 })),
      );
      expect(results).toHaveLength(3);
      // Nobody's image, or one more of the first's, waits its turn.
      const waits = threads.run({ path: "fine" }, { priority: 99 });
      expect(await Promise.race([waits, wait(1_500, "waits")])).toBe("waits");
      abort.abort();
      await done;
      expect((await waits).height).toBe(0);
      await threads.close();
    },
  );
});

describe("analyse with a signal", () => {
  it("rejects at once with the reason when the signal is aborted already", async () => {
    const engine = createEngine({ threads: 1 });
    const reason = new Error("changed my mind");
    await expect(engine.analyse({ path: portrait }, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    await engine.close();
  });

  it("gives up a running and a waiting image, and goes on with the others", async () => {
    const engine = createEngine({ threads: 1 });
    await engine.analyse({ path: portrait });
    const running = new AbortController();
    const waiting = new AbortController();
    const first = engine.analyse({ path: groups[0]!.path }, { signal: running.signal, embed: "all" });
    const second = engine.analyse({ path: portrait }, { signal: waiting.signal });
    const third = engine.analyse({ path: portrait });
    const outcomes = Promise.allSettled([first, second, third]);
    await wait(30);
    const reason = new Error("enough");
    running.abort(reason);
    waiting.abort(reason);
    expect(await outcomes).toMatchObject([
      { status: "rejected", reason },
      { status: "rejected", reason },
      { status: "fulfilled", value: { width: 540 } },
    ]);
    await engine.close();
  });
});

describe("analyse with a priority", () => {
  it("lets what goes first overtake an image in work, and changes neither's answer", async () => {
    const engine = createEngine({ threads: 1 });
    const group = await engine.analyse({ path: groups[0]!.path }, { embed: "all" });
    const alone = await engine.analyse({ path: portrait });
    const ends: string[] = [];
    const note = async <T>(name: string, analysis: Promise<T>) => {
      const result = await analysis;
      ends.push(name);
      return result;
    };
    const slow = note("group", engine.analyse({ path: groups[0]!.path }, { embed: "all", priority: 2 }));
    const behind = note("behind", engine.analyse({ path: portrait }, { priority: 3 }));
    await wait(30); // a fraction of the group's time
    const between = note("between", engine.analyse({ path: portrait }, { priority: 1 }));
    const first = note("first", engine.analyse({ path: portrait }, { priority: 0 }));
    expect(await slow).toEqual(group);
    for (const analysis of await Promise.all([behind, between, first])) expect(analysis).toEqual(alone);
    expect(ends).toEqual(["first", "between", "group", "behind"]);
    await engine.close();
  });

  it("gives up an image that was overtaken, while it waits", async () => {
    const engine = createEngine({ threads: 1 });
    await engine.analyse({ path: portrait });
    const overtaken = new AbortController();
    const slow = engine.analyse({ path: groups[0]!.path }, { signal: overtaken.signal, embed: "all" });
    const refused = expect(slow).rejects.toThrow("enough");
    await wait(30);
    const first = engine.analyse({ path: groups[0]!.path }, { priority: -1 });
    overtaken.abort(new Error("enough"));
    await refused;
    expect((await first).faces.length).toBeGreaterThan(1);
    await engine.close();
  });
});

describe("the event loop", () => {
  it("stays free while images are analysed", async () => {
    const engine = createEngine({ threads: 1 });
    await engine.analyse({ path: portrait });
    const bytes = await readFile(groups[0]!.path);
    const before = performance.eventLoopUtilization();
    await Promise.all([engine.analyse(bytes, { embed: "all" }), engine.analyse(bytes, { embed: "all" })]);
    // Inference takes hundreds of milliseconds here; the loop has nothing to do but to wait for it.
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(1 / 3);
    await engine.close();
  });
});

describe("close", () => {
  it("finishes the images in hand, refuses later ones, and may be called twice", async () => {
    const engine = createEngine({ threads: 1 });
    const inHand = [engine.analyse({ path: portrait }), engine.analyse({ path: portrait })];
    await Promise.all([engine.close(), engine.close()]);
    for (const { width } of await Promise.all(inHand)) expect(width).toBe(540);
    await expect(engine.analyse({ path: portrait })).rejects.toThrow(/closed/);
  });

  it("ends an engine that was never used", async () => {
    await createEngine().close();
  });
});

describe("threads", () => {
  it("give the same answers on two as on one", async () => {
    const [one, two] = [createEngine({ threads: 1 }), createEngine({ threads: 2 })];
    const single = await one.analyse({ path: portrait });
    const several = await Promise.all(
      [portrait, portrait, portrait, portrait].map((path) => two.analyse({ path })),
    );
    for (const analysis of several) expect(analysis).toEqual(single);
    await Promise.all([one.close(), two.close()]);
  });
});
