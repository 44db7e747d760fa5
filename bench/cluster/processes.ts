import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import type { WorkerOptions } from "./worker.ts";

export interface WorkerProcess {
  /** Claims jobs from here on. */
  start(): Promise<void>;
  /** What is in hand is finished first. */
  stop(): Promise<void>;
  end(): Promise<void>;
}

/** Resolves when the engine of the process has proved itself; it claims nothing yet. */
export async function startWorker(options: WorkerOptions): Promise<WorkerProcess> {
  const file = path.join(import.meta.dirname, "worker.ts");
  const child = spawn(process.execPath, ["--conditions=@prosopon/source", file, JSON.stringify(options)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const lines = createInterface(child.stdout);
  async function said(word: string): Promise<void> {
    const line = await Promise.race([once(lines, "line"), ended.then(() => ["ended"])]);
    if (line[0] !== word) throw new Error(`a worker process said ${String(line[0])} in place of ${word}`);
  }
  async function tell(word: string): Promise<void> {
    const answer = said(word);
    child.stdin.write(`${word}\n`);
    await answer;
  }
  await said("ready");
  return {
    start: () => tell("start"),
    stop: () => tell("stop"),
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
