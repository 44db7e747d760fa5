import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** The built command, as a user's shell runs it. */
const cli = join(import.meta.dirname, "../dist/cli.js");
if (!existsSync(cli)) throw new Error("These tests run the built command: build first (pnpm build).");

const cleanups: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "prosopon-server-"));
  cleanups.push(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  return directory;
}

export interface SpawnOptions {
  /** Over what the shell has; undefined takes a variable out. */
  env?: Record<string, string | undefined>;
  /** A command that runs the command. */
  under?: string[];
  /** Working directory. */
  cwd?: string;
  /** Another copy of the command. */
  cli?: string;
  /** Descriptor of a file that takes stderr. */
  stderr?: number;
}

/** Only what a test sets reaches the command, whatever the developer's shell has. */
function launch(args: string[], options: SpawnOptions): ChildProcess {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PROSOPON_|NODE_OPTIONS|VITEST|FORCE_COLOR)/.test(name),
  );
  const [program = "", ...rest] = [...(options.under ?? []), process.execPath, options.cli ?? cli, ...args];
  return spawn(program, rest, {
    ...(options.cwd && { cwd: options.cwd }),
    env: { ...Object.fromEntries(inherited), ...options.env },
    stdio: ["ignore", "pipe", options.stderr ?? "pipe"],
  });
}

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

function collect(child: ChildProcess): Outcome {
  const outcome: Outcome = { code: null, stdout: "", stderr: "" };
  child.stdout!.setEncoding("utf8").on("data", (text: string) => void (outcome.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => void (outcome.stderr += text));
  return outcome;
}

/** Runs a command to its end. */
export async function run(args: string[], options: SpawnOptions = {}): Promise<Outcome> {
  const child = launch(args, options);
  const outcome = collect(child);
  [outcome.code] = (await once(child, "close")) as [number | null];
  return outcome;
}

/** Starts a command and leaves it running. */
export function begin(
  args: string[],
  options: SpawnOptions = {},
): { child: ChildProcess; outcome: Outcome; ended: Promise<Outcome> } {
  const child = launch(args, options);
  const outcome = collect(child);
  const ended = once(child, "close").then(([code]) =>
    Object.assign(outcome, { code: code as number | null }),
  );
  cleanups.push(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { child, outcome, ended };
}

export interface RunningServer {
  url: string;
  pid: number;
  /** Made by this very start. */
  clientId?: string;
  secretId?: string;
  /** Of a server with a demo account. */
  demoUrl?: string;
  outcome: Outcome;
  ended: Promise<Outcome>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and the end. */
  stop(): Promise<Outcome>;
}

/** Starts `serve --json` on a free port and waits until it says that it is ready. */
export async function startServer(
  data: string,
  args: string[] = [],
  options: SpawnOptions = {},
): Promise<RunningServer> {
  const { child, outcome, ended } = begin(
    ["serve", "--json", "--port", "0", "--data", data, "--threads", "1", ...args],
    options,
  );
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout!.on("data", () => {
      const end = outcome.stdout.indexOf("\n");
      if (end >= 0) resolve(outcome.stdout.slice(0, end));
    });
    void ended.then(({ code, stderr }) => reject(new Error(`serve ended with ${code}: ${stderr}`)));
  });
  return {
    ...(JSON.parse(line) as Pick<RunningServer, "url" | "pid" | "clientId" | "secretId" | "demoUrl">),
    outcome,
    ended,
    kill: (signal) => void child.kill(signal),
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
