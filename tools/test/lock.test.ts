import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { exclusively } from "../lock.ts";

const directory = await mkdtemp(path.join(tmpdir(), "prosopon-lock-"));
afterAll(() => rm(directory, { recursive: true }));

const module = JSON.stringify(path.resolve(import.meta.dirname, "../lock.ts"));
const lockFile = path.join(directory, "lock");

/** Another process that works under the lock. */
async function script(name: string, work: string): Promise<string[]> {
  const file = path.join(directory, name);
  await writeFile(
    file,
    `import { appendFileSync } from "node:fs";
     import { exclusively } from ${module};
     await exclusively(${JSON.stringify(lockFile)}, async () => { ${work} });`,
  );
  return [process.execPath, file];
}

it("lets one process at a time do what must not be done twice at once", async () => {
  const log = path.join(directory, "log");
  const say = (word: string) => `appendFileSync(${JSON.stringify(log)}, "${word}\\n");`;
  const [program = "", ...args] = await script(
    "turn.mts",
    `${say("in")} await new Promise((resolve) => setTimeout(resolve, 100)); ${say("out")}`,
  );
  await Promise.all(Array.from({ length: 6 }, () => promisify(execFile)(program, args)));
  expect(await readFile(log, "utf8")).toBe("in\nout\n".repeat(6));
});

it("is dropped with the process that has it", async () => {
  const [program = "", ...args] = await script(
    "stay.mts",
    `console.log("in"); await new Promise((resolve) => setTimeout(resolve, 2 ** 30));`,
  );
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const mine = exclusively(lockFile, async () => "mine");
  expect(await Promise.race([mine, sleep(300, "waits")])).toBe("waits");
  child.kill("SIGKILL");
  expect(await mine).toBe("mine");
});
