import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface ProcessOptions {
  /** Program and arguments: the node binary first. */
  command: string[];
  env?: Record<string, string>;
  /** A line of its log, parsed. */
  onLog(line: { level?: number; msg?: string; err?: { message?: string } }): void;
}

export interface RunningProcess {
  readonly pid: number;
  /** The address that it announced; rejects when it ended before. */
  readonly ready: Promise<string>;
  /** Resolves at its end with what it said last on stderr that was not a log line. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; said: string }>;
  /** False when it had ended already. */
  kill(signal: NodeJS.Signals): boolean;
}

/** Only what the harness sets reaches the process, whatever the developer's shell has. */
function environment(own: Record<string, string>): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PROSOPON_|NODE_OPTIONS|VITEST|FORCE_COLOR)/.test(name),
  );
  return { ...Object.fromEntries(inherited), ...own };
}

/** Starts a `serve --json` that dies with this process. */
export function startProcess({ command, env = {}, onLog }: ProcessOptions): RunningProcess {
  const [node = process.execPath, ...args] = command;
  const guard = new URL("die-with-parent.ts", import.meta.url).href;
  const child: ChildProcess = spawn(node, ["--import", guard, ...args], {
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let said = "";
  createInterface({ input: child.stderr! }).on("line", (line) => {
    try {
      onLog(JSON.parse(line) as Parameters<ProcessOptions["onLog"]>[0]);
    } catch {
      said = `${said}${line}\n`.slice(-2_000);
    }
  });
  const ended = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    said,
  }));
  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once("line", (line) => {
      try {
        resolve((JSON.parse(line) as { url: string }).url);
      } catch {
        reject(new Error(`instead of its address it said: ${line}`));
      }
    });
    void ended.then(() => reject(new Error("ended before it was ready")));
  });
  ready.catch(() => {});
  return { pid: child.pid!, ready, ended, kill: (signal) => child.kill(signal) };
}
