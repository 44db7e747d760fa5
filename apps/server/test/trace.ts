import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { installProgram, programUnavailable } from "../../../tools/apt.ts";
import { unlessRequired } from "../../../tools/debian.ts";

/** Why no process can be watched here, in words. */
export const noStrace = unlessRequired(programUnavailable("strace"));

const CALLS = [
  "%network",
  ..."open openat openat2 creat mkdir mkdirat mknod mknodat truncate".split(" "),
  ..."rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat rmdir".split(" "),
];

export interface Watched {
  child: ChildProcess;
  stdout: () => string;
  /** Ends it, with all that it started, and waits for that. */
  stop(): Promise<void>;
  ended: Promise<number | null>;
  /** What it did up to its end. */
  findings(allowed: string[]): Promise<Findings>;
}

export interface Findings {
  /** Files and directories, outside the allowed ones, that it made, changed or removed, or tried to. */
  written: string[];
  /** Addresses, other than loopback ones, that it talked to or tried to, and whom it asked for a name. */
  contacted: string[];
}

/** Runs a command with every file and connection of it, and of its children, seen by the system's own eyes. */
export async function watch(
  command: string[],
  { env, cwd }: { env: NodeJS.ProcessEnv; cwd: string },
): Promise<Watched> {
  await installProgram("strace");
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-trace-"));
  const file = path.join(directory, "calls");
  const options = ["-f", "-q", "-y", "-s", "400", "-o", file, "-e", `trace=${CALLS.join(",")}`];
  // In a group of its own: strace itself lets no signal through.
  const child = spawn("strace", [...options, "--", ...command], {
    cwd,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    child,
    stdout: () => stdout,
    ended,
    async stop() {
      process.kill(-child.pid!, "SIGTERM");
      await ended;
    },
    async findings(allowed) {
      await ended;
      const calls = (await readFile(file, "utf8")).split("\n");
      await rm(directory, { recursive: true });
      return {
        written: distinct(calls.flatMap(writtenIn)).filter(
          (name) => ![...allowed, "/dev/null", "/dev/tty", "/proc"].some((root) => isIn(root, name)),
        ),
        contacted: distinct(calls.flatMap(contactedIn)),
      };
    },
  };
}

const distinct = (values: string[]): string[] => [...new Set(values)].toSorted();
const isIn = (root: string, name: string): boolean => name === root || name.startsWith(`${root}/`);

const WRITING = /O_(WRONLY|RDWR|CREAT|TRUNC|TMPFILE)/;
/** The directory that a relative name begins at, where the call names one, and the name. */
const NAME = /(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g;

function writtenIn(line: string): string[] {
  const call = /^\d+ +(\w+)\((.*)/.exec(line);
  if (!call) return [];
  const [, name = "", rest = ""] = call;
  if (!/^(open|creat|mk|rename|link|symlink|unlink|rmdir|truncate)/.test(name)) return [];
  if (name.startsWith("open") && !WRITING.test(rest)) return [];
  const names = [...rest.matchAll(NAME)].map(([, base = "/", relative = ""]) => path.resolve(base, relative));
  // What a link says is not what is written.
  return name.startsWith("symlink") ? names.slice(1) : names;
}

/** A name server counts wherever it is: on many machines it is a loopback address that asks others. */
function contactedIn(line: string): string[] {
  const call = /^\d+ +(connect|bind|send\w+)\((.*)/.exec(line);
  if (!call || call[1] === "bind") return [];
  const [, , rest = ""] = call;
  const unix = /sa_family=AF_UNIX, sun_path=@?"([^"]*)"/.exec(rest)?.[1];
  if (unix !== undefined) return [unix];
  const port = /sin6?_port=htons\((\d+)\)/.exec(rest)?.[1];
  const address = /inet_addr\("([^"]*)"\)|inet_pton\(AF_INET6, "([^"]*)"/.exec(rest);
  const host = address?.[1] ?? address?.[2];
  if (host === undefined) return [];
  const isLoopback = /^(127\.|::1$|::ffff:127\.)/.test(host);
  return isLoopback && port !== "53" ? [] : [`${host} port ${port}`];
}
