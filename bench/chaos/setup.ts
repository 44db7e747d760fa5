import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createAccounts, openPostgresStorage, type Credentials } from "@prosopon/service";
import pg from "pg";
import { startPostgres } from "../../tools/postgres.ts";
import { startFleet, type Fleet, type Member, type Role } from "./fleet.ts";
import { startProxy } from "./proxy.ts";

export interface Site {
  fleet: Fleet;
  /** Where clients call: a proxy before the API nodes. */
  url: string;
  accounts: Credentials[];
  /** Of images in flight, shared by all nodes. */
  blobs: string;
  /** Hard, as a crash would; false where the server is not ours, and only all connections were cut. */
  restartDatabase(): Promise<boolean>;
  /** Cuts the connection by which one API node listens; how many were cut. */
  cutListener(): Promise<number>;
  databaseUrl: string;
  connect(): Promise<pg.Client>;
  stop(): Promise<void>;
}

export interface SiteOptions {
  /** The node binary and the command's script. */
  command: string[];
  apis: number;
  workers: number;
  accounts: number;
}

/** A PostgreSQL that flushes, API nodes and workers as processes of the real command, and a proxy before the nodes. */
export async function build({ command, apis, workers, accounts }: SiteOptions): Promise<Site> {
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-chaos-"));
  const blobs = path.join(directory, "blobs");
  const database = `prosopon_chaos_${randomUUID().slice(0, 8)}`;
  const server = await startPostgres({ durable: true });
  const undo: (() => Promise<unknown>)[] = [
    () => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
    () => server.stop(),
  ];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const admin = await open(server.url);
    await admin.query(`CREATE DATABASE ${database}`);
    await admin.end();
    if (!server.restart) {
      undo.push(async () => {
        const last = await open(server.url);
        await last.query(`DROP DATABASE ${database} WITH (FORCE)`);
        await last.end();
      });
    }
    const url = Object.assign(new URL(server.url), { pathname: `/${database}` }).href;
    const credentials = await makeAccounts(url, accounts);

    const member = (role: Role, index: number): Member => ({
      name: `${role}-${index + 1}`,
      role,
      command: [...command, "serve", "--json", "--role", role],
      env: {
        PROSOPON_DATABASE_URL: url,
        PROSOPON_DATABASE_CONNECTIONS: role === "api" ? "10" : "5",
        // Three workers share two cores: one thread each bounds what inference takes.
        PROSOPON_THREADS: "1",
        PROSOPON_PORT: "0",
        PROSOPON_BLOBS: blobs,
        PROSOPON_DATA: path.join(directory, `${role}-${index + 1}`),
        PROSOPON_LOG_LEVEL: "warn",
        // The listening connection alone uses it: its name tells whose it is.
        PROSOPON_DATABASE_DIRECT_URL: `${url}?application_name=${LISTENER}${role}`,
      },
    });
    const fleet = startFleet([
      ...Array.from({ length: apis }, (_, index) => member("api", index)),
      ...Array.from({ length: workers }, (_, index) => member("worker", index)),
    ]);
    undo.push(() => fleet.stop());
    const proxy = await startProxy(fleet.apis);
    undo.push(() => proxy.close());
    return {
      fleet,
      url: proxy.url,
      accounts: credentials,
      blobs,
      databaseUrl: url,
      connect: () => open(url),
      async restartDatabase() {
        if (server.restart) await server.restart();
        else await cut(url, "datname = current_database()");
        return server.restart !== undefined;
      },
      cutListener: () => cut(url, `application_name = '${LISTENER}api'`, 1),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const LISTENER = "chaos-listener-";

async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function cut(url: string, which: string, limit = 1_000): Promise<number> {
  const client = await open(url);
  try {
    const { rowCount } = await client.query(
      `SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE ${which} AND pid <> pg_backend_pid() LIMIT ${limit}) s`,
    );
    return rowCount ?? 0;
  } finally {
    await client.end().catch(() => {});
  }
}

async function makeAccounts(url: string, count: number): Promise<Credentials[]> {
  const storage = await openPostgresStorage({ url });
  try {
    const accounts = createAccounts({ storage });
    const made: Credentials[] = [];
    for (let i = 0; i < count; i++) {
      const { clientId, secretId } = await accounts.create({ clientId: `chaos-${i + 1}` });
      made.push({ clientId, secretId });
    }
    return made;
  } finally {
    await storage.close();
  }
}
