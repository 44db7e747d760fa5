/**
 * A real PostgreSQL 17 with pgvector for tests and benches: the one that PROSOPON_TEST_DATABASE_URL names, else Debian's
 * packages (tools/debian.ts).
 *
 *   node tools/postgres.ts                 starts one, prints its URL, stops it on Ctrl-C
 *   node tools/postgres.ts COMMAND...      runs the command with PROSOPON_TEST_DATABASE_URL set, then stops it
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  debianRoot,
  debianUnavailable,
  freePort,
  inDebian,
  installDebian,
  serverDirectory,
} from "./debian.ts";

const bin = "/usr/lib/postgresql/17/bin";

/** Enough to find a server that another process started. */
export interface PostgresHandle {
  port: number;
  /** Data directory, inside the root of tools/debian.ts. */
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
  const reason = debianUnavailable();
  return reason && `${reason}: set PROSOPON_TEST_DATABASE_URL to a PostgreSQL 17 with pgvector 0.8`;
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
  await installDebian();
  const data = await serverDirectory(owner, randomBytes(4).toString("hex"));
  await inDebian(
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
  // Everybody is trusted, but for members of this role, which tests of passwords make.
  const rules = path.join(debianRoot, data, "pg_hba.conf");
  await writeFile(rules, `host all +by_password all scram-sha-256\n${await readFile(rules, "utf8")}`);
  const port = await freePort();
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c shared_buffers=512MB -c max_wal_size=4GB -c fsync=${durable ? "on" : "off"}`;
  await control(data, "-o", settings, "start");
  return attachPostgres({ port, data });
}

export function attachPostgres({ port, data }: PostgresHandle): TestPostgres {
  const directory = path.join(debianRoot, data);
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
  return inDebian(`${bin}/pg_ctl`, "-D", data, "-w", "-s", "-t", "120", "-l", `${data}/server.log`, ...args);
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
    // Signals alone don't keep a process alive.
    const alive = setInterval(() => {}, 2 ** 30);
    await new Promise<void>((resolve) => process.once("SIGINT", resolve).once("SIGTERM", resolve));
    clearInterval(alive);
  }
  await postgres.stop();
}
