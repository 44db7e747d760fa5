import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { check, type Check } from "./check.ts";

const REINSTALL = "Install prosopon again: these are not the files it was published with.";
/** Enough for a median that one slow run does not move. */
const TIMED_RUNS = 5;

/** The weights on the disk, each against the hash this build was made with. */
export async function checkModels(): Promise<Check[]> {
  const { models } = await import("@prosopon/models");
  return Promise.all(
    models.map(({ name, role, file, sha256, licence }) =>
      check(`model: ${role}`, REINSTALL, async () => {
        const found = createHash("sha256")
          .update(await readFile(file))
          .digest("hex");
        if (found === sha256)
          return { state: "ok", detail: `${name}, ${licence}, sha256 ${sha256.slice(0, 12)}…` };
        return {
          state: "fail",
          detail: `${fileURLToPath(file)} has sha256 ${found.slice(0, 12)}…, not ${sha256.slice(0, 12)}…`,
          fix: REINSTALL,
        };
      }),
    ),
  );
}

/** Recognises the known face as the server does at its start, then times it. */
export function checkSelfTest(options: { threads: number; maxPixels: number }): Promise<Check> {
  return check("self-test", REINSTALL, async () => {
    const [{ createEngine }, { knownFace }] = await Promise.all([
      import("@prosopon/engine"),
      import("@prosopon/models"),
    ]);
    const engine = createEngine(options);
    try {
      const { cosine, elapsedMs } = await engine.warm();
      const times: number[] = [];
      for (let run = 0; run < TIMED_RUNS; run += 1) {
        const begun = performance.now();
        await engine.analyse({ path: fileURLToPath(knownFace.file) });
        times.push(performance.now() - begun);
      }
      const median = times.toSorted((a, b) => a - b)[TIMED_RUNS >> 1]!;
      return {
        state: "ok",
        detail: `known face at cosine ${cosine.toFixed(5)}; ${elapsedMs.toFixed(0)} ms to load and recognise, then ${median.toFixed(0)} ms a photo`,
      };
    } finally {
      await engine.close();
    }
  });
}
