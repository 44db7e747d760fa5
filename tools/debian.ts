/**
 * Debian's servers for tests and benches (PostgreSQL 17 with pgvector, PgBouncer, HAProxy) in a root directory of their own:
 * debootstrap makes it once, in about a minute and 450 MB, in the cache directory.
 */
import { execFile, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, readdir, readFile, readlink, rename, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { installProgram, programUnavailable } from "./apt.ts";
import { cacheDirectory as cache } from "./cache.ts";
import { exclusively } from "./lock.ts";

const run = promisify(execFile);

const SUITE = "trixie";
const PACKAGES = "postgresql-17,postgresql-17-pgvector,pgbouncer,haproxy";
/** Named by its packages: one that lacks any is not taken for it. */
export const debianRoot = path.join(
  cache,
  `debian-${SUITE}-${createHash("sha256").update(PACKAGES).digest("hex").slice(0, 8)}`,
);
/** Of all servers, inside the root; each directory begins with the process id of its owner. */
const servers = "/var/lib/prosopon";

/** Why it cannot be had here, in words; undefined when it can. */
export function debianUnavailable(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "only root on Linux can start one";
  return existsSync(debianRoot) ? undefined : programUnavailable("debootstrap");
}

/** Passes on why a test is skipped; where none may be, as in CI (PROSOPON_TEST_REQUIRE_POSTGRES), that is a failure. */
export function unlessRequired<R extends string | undefined>(reason: R): R {
  if (reason && process.env.PROSOPON_TEST_REQUIRE_POSTGRES) throw new Error(reason);
  return reason;
}

/** Makes the root where it is missing, once for all who ask at once, and ends what dead owners left in it. */
export async function installDebian(): Promise<void> {
  if (!existsSync(debianRoot))
    await exclusively(`${debianRoot}.lock`, async () => {
      if (!existsSync(debianRoot)) await install();
    });
  await removeLeftovers();
}

/** A new directory for one server, of the user postgres; as seen from inside the root. */
export async function serverDirectory(owner: number, name: string): Promise<string> {
  const inside = `${servers}/${owner}-${name}`;
  const directory = path.join(debianRoot, inside);
  await mkdir(path.dirname(directory), { recursive: true });
  await mkdir(directory, { mode: 0o700 });
  const { uid, gid } = await stat(path.join(debianRoot, "var/lib/postgresql"));
  await chown(directory, uid, gid);
  return inside;
}

/**
 * Runs a command in the root as its user postgres and waits for its end. /proc and /dev/shm live in a mount namespace of
 * the command's own, so there is nothing to unmount.
 */
export async function inDebian(...command: string[]): Promise<void> {
  const mounts = 'mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev/shm"';
  const enter = 'cd / && exec chroot --userspec=postgres:postgres "$0" "$@"';
  // Containers often forbid mounting; the servers start without it.
  const namespaces = spawnSync("unshare", ["--mount", "true"]).status === 0;
  const [program = "", ...args] = namespaces
    ? ["unshare", "--mount", "sh", "-c", `${mounts} && ${enter}`, debianRoot, ...command]
    : ["sh", "-c", enter, debianRoot, ...command];
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", HOME: "/" },
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  // Not `close`: a server that goes on in the background holds the pipe.
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("exit", resolve).once("error", reject),
  );
  child.stderr.destroy();
  if (code !== 0) throw new Error(`${command[0]} failed (${code}): ${said}`);
}

/** Ends the server whose process id is in this file, as seen from inside the root, and waits until it has gone. */
export async function endServer(pidFile: string, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  const pid = Number.parseInt(await readFile(path.join(debianRoot, pidFile), "utf8").catch(() => ""), 10);
  // The number may belong to somebody else by now: a server of ours has this root.
  const ours = async () => (await readlink(`/proc/${pid}/root`).catch(() => undefined)) === debianRoot;
  if (!pid || !(await ours())) return;
  process.kill(pid, signal);
  for (let tries = 0; await ours(); tries++) {
    if (tries === 250) process.kill(pid, "SIGKILL");
    await sleep(20);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function install(): Promise<void> {
  await installProgram("debootstrap");
  await mkdir(cache, { recursive: true });
  const partial = `${debianRoot}.${process.pid}`;
  try {
    const mirror = await debianMirror();
    await run(
      "debootstrap",
      ["--variant=minbase", `--include=${PACKAGES}`, SUITE, partial, ...(mirror ? [mirror] : [])],
      { maxBuffer: 2 ** 26 },
    );
    await rm(path.join(partial, "var/cache/apt/archives"), { recursive: true, force: true });
    await rename(partial, debianRoot);
  } catch (error) {
    const log = await readFile(path.join(partial, "debootstrap/debootstrap.log"), "utf8").catch(() => "");
    throw new Error(`Debian's servers could not be installed. ${log.slice(-2_000)}`, { cause: error });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** The mirror that this machine's apt uses for Debian, where it is a Debian. */
async function debianMirror(): Promise<string | undefined> {
  const { stdout } = await run("apt-get", [
    "indextargets",
    "--format",
    "$(ORIGIN) $(SITE) $(REPO_URI)",
    "Created-By: Packages",
  ]).catch(() => ({ stdout: "" }));
  return /^Debian \S+ (\S+\/debian\/?)$/m.exec(stdout)?.[1];
}

async function removeLeftovers(): Promise<void> {
  const found = await readdir(path.join(debianRoot, servers)).catch(() => []);
  for (const name of found) {
    if (isAlive(Number.parseInt(name, 10))) continue;
    for (const file of ["postmaster.pid", "server.pid"])
      await endServer(`${servers}/${name}/${file}`, "SIGQUIT");
    await rm(path.join(debianRoot, servers, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
