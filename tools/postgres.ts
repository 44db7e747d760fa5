/**
 * A real PostgreSQL 17 with pgvector for tests and benches: the one that PROSOPON_TEST_DATABASE_URL names, else Debian's
 * packages in a directory of their own (debootstrap; once, about a minute and 450 MB in the cache directory).
 *
 *   node tools/postgres.ts                 starts one, prints its URL, stops it on Ctrl-C
 *   node tools/postgres.ts COMMAND...      runs the command with PROSOPON_TEST_DATABASE_URL set, then stops it
 */
import { execFile, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const SUITE = "trixie";
const PACKAGES = "postgresql-17,postgresql-17-pgvector";
const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "prosopon");
const system = path.join(cache, `postgresql-17-${SUITE}`);
/** Inside the system's root. */
const clusters = "/var/lib/prosopon";
const bin = "/usr/lib/postgresql/17/bin";

/** Enough to find a server that another process started. */
export interface PostgresHandle {
  port: number;
  /** Data directory inside the system. */
  data: string;
}

export interface TestPostgres {
  /** Absent for a server that is not ours. */
  handle?: PostgresHandle;
  /** Of a superuser, to the database `postgres`. */
  url: string;
  /** As a crash would: every connection is cut, recovery runs. Absent for a server that is not ours. */
  restart?(): Promise<void>;
  /** Its files, to look into. Absent for a server that is not ours. */
  directory?: string;
  stop(): Promise<void>;
}

/** Why there can be no PostgreSQL here, in words for a skipped test; undefined when there can. */
export function postgresUnavailable(): string | undefined {
  if (process.env.PROSOPON_TEST_DATABASE_URL) return undefined;
  const instead = "set PROSOPON_TEST_DATABASE_URL to a PostgreSQL 17 with pgvector 0.8";
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return `only root on Linux can start one: ${instead}`;
  if (
    existsSync(system) ||
    spawnSync("sh", ["-c", "command -v debootstrap || command -v apt-get"]).status === 0
  )
    return undefined;
  return `neither debootstrap nor apt-get is here: ${instead}`;
}

/**
 * `owner` is the process that the server belongs to: what dead owners left is stopped and removed by the next start.
 * Not `durable` survives a crash of PostgreSQL but not of the machine, and is quicker to test against.
 */
export async function startPostgres({ owner = process.pid, durable = true } = {}): Promise<TestPostgres> {
  const given = process.env.PROSOPON_TEST_DATABASE_URL;
  if (given) return { url: given, stop: async () => {} };
  const unavailable = postgresUnavailable();
  if (unavailable) throw new Error(unavailable);
  await install();
  await removeLeftovers();

  const data = `${clusters}/${owner}-${randomBytes(4).toString("hex")}`;
  const directory = path.join(system, data);
  await mkdir(path.dirname(directory), { recursive: true });
  await mkdir(directory, { mode: 0o700 });
  const { uid, gid } = await stat(path.join(system, "var/lib/postgresql"));
  await chown(directory, uid, gid);
  await inside(
    `${bin}/initdb`,
    "-D",
    data,
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C.UTF-8",
    "--no-sync",
  );
  const port = await freePort();
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c shared_buffers=512MB -c max_wal_size=4GB -c fsync=${durable ? "on" : "off"}`;
  await control(data, "-o", settings, "start");
  return attachPostgres({ port, data });
}

export function attachPostgres({ port, data }: PostgresHandle): TestPostgres {
  const directory = path.join(system, data);
  return {
    handle: { port, data },
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    directory,
    restart: () => control(data, "-m", "immediate", "restart"),
    stop: async () => {
      await control(data, "-m", "immediate", "stop");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function control(data: string, ...args: string[]): Promise<void> {
  return inside(`${bin}/pg_ctl`, "-D", data, "-w", "-s", "-t", "120", "-l", `${data}/server.log`, ...args);
}

/** As the system's user postgres. /proc and /dev/shm live in a mount namespace of the command's own, so there is nothing to unmount. */
async function inside(...command: string[]): Promise<void> {
  const mounts = 'mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev/shm"';
  const enter = 'cd / && exec chroot --userspec=postgres:postgres "$0" "$@"';
  // Containers often forbid mounting; PostgreSQL starts without it.
  const namespaces = spawnSync("unshare", ["--mount", "true"]).status === 0;
  const [program = "", ...args] = namespaces
    ? ["unshare", "--mount", "sh", "-c", `${mounts} && ${enter}`, system, ...command]
    : ["sh", "-c", enter, system, ...command];
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env.PATH, LC_ALL: "C.UTF-8", HOME: "/" },
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  // Not `close`: the server that pg_ctl leaves behind holds the pipe.
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("exit", resolve).once("error", reject),
  );
  child.stderr.destroy();
  if (code !== 0) throw new Error(`${command[0]} failed (${code}): ${said}`);
}

async function install(): Promise<void> {
  if (existsSync(system)) return;
  if (spawnSync("sh", ["-c", "command -v debootstrap"]).status !== 0) {
    await run("apt-get", ["update"]);
    await run("apt-get", ["install", "-y", "debootstrap"]);
  }
  await mkdir(cache, { recursive: true });
  const partial = `${system}.${process.pid}`;
  try {
    const mirror = await debianMirror();
    await run(
      "debootstrap",
      ["--variant=minbase", `--include=${PACKAGES}`, SUITE, partial, ...(mirror ? [mirror] : [])],
      { maxBuffer: 2 ** 26 },
    );
    await rm(path.join(partial, "var/cache/apt/archives"), { recursive: true, force: true });
    await rename(partial, system).catch((error: unknown) => {
      if (!existsSync(system)) throw error; // else another run was quicker
    });
  } catch (error) {
    const log = await readFile(path.join(partial, "debootstrap/debootstrap.log"), "utf8").catch(() => "");
    throw new Error(`Debian's PostgreSQL could not be installed. ${log.slice(-2_000)}`, { cause: error });
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
  const found = await readdir(path.join(system, clusters)).catch(() => []);
  for (const name of found) {
    if (isAlive(Number.parseInt(name, 10))) continue;
    await inside(`${bin}/pg_ctl`, "-D", `${clusters}/${name}`, "-w", "-s", "-m", "immediate", "stop").catch(
      () => {},
    );
    await rm(path.join(system, clusters, name), { recursive: true, force: true });
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

if (import.meta.main) {
  const postgres = await startPostgres();
  const [program, ...args] = process.argv.slice(2);
  if (program) {
    const child = spawn(program, args, {
      stdio: "inherit",
      env: { ...process.env, PROSOPON_TEST_DATABASE_URL: postgres.url },
    });
    process.on("SIGINT", () => {}); // the command gets it too, and decides
    process.exitCode = await new Promise<number>((resolve) =>
      child.once("close", (code) => resolve(code ?? 1)).once("error", () => resolve(1)),
    );
  } else {
    console.log(postgres.url);
    await new Promise<void>((resolve) => process.once("SIGINT", resolve).once("SIGTERM", resolve));
  }
  await postgres.stop();
}
