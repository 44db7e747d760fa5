import { readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { createEngine } from "../src/index.ts";

/** How far each thread of this process stands back, 0 for not at all: the 19th field of its stat, the 17th behind its name. */
const steps = (): number[] =>
  readdirSync("/proc/self/task").map((thread) =>
    Number(readFileSync(`/proc/self/task/${thread}/stat`, "utf8").split(") ").at(-1)!.split(" ")[16]),
  );

describe.skipIf(process.platform !== "linux")(
  `the engine's threads${process.platform === "linux" ? "" : ": only Linux gives each thread a priority"}`,
  () => {
    const engine = createEngine({ threads: 2 });
    afterAll(() => engine.close());

    it("let everything else on the machine go first, and they alone do", async () => {
      expect(new Set(steps())).toEqual(new Set([0]));
      await Promise.all([engine.warm(), engine.warm()]);
      expect(steps().filter((step) => step > 0)).toEqual([5, 5]);
    });
  },
);
