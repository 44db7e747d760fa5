import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createAccounts, type Credentials } from "@prosopon/service";
import { openPostgresStorage } from "@prosopon/service/postgres";
import pg from "pg";
import { startPostgres } from "../../tools/postgres.ts";
import { type Images, inDirectory, inObjectStorage } from "./images.ts";
import { startFleet, type Fleet, type Member, type Role } from "./fleet.ts";
import { startProxy } from "./proxy.ts";
import { databaseFaults, type Fault, replaceFile } from "./weathers.ts";

export interface Site {
  fleet: Fleet;
  /** Where clients call: a proxy before the API nodes. */
  url: string;
  accounts: Credentials[];
  images: Images;
  /** Hard, as a crash would; false where the server is not ours, and only all connections were cut. */
  restartDatabase(): Promise<boolean>;
  /** Cuts the connection by which one API node listens; how many were cut. */
  cutListener(): Promise<number>;
  /** Of the database none on a server that is not ours. */
  faults: Fault[];
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
  /** Default `directory`. */
  images?: "directory" | "objects" | undefined;
}

/** A PostgreSQL that flushes, API nodes and workers as processes of the real command, and a proxy before the nodes. */
export async function build({ command, apis, workers, accounts, images: where }: SiteOptions): Promise<Site> {
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-chaos-"));
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
    const images = await (where === "objects" ? inObjectStorage() : inDirectory(directory));
    undo.push(() => images.close());
    const ours = server.restart !== undefined;
    const role = `node_${database}`;
    if (ours) await makeRole(server.url, url, role);
    /** What the nodes read: a user by a password that may change, who may not do more than they need. */
    const nodeUrl = (password: string, query = "") =>
      ours ? Object.assign(new URL(url + query), { username: role, password }).href : url + query;
    const secrets = (which: Role) => ({
      url: path.join(directory, `${which}-database-url`),
      direct: path.join(directory, `${which}-direct-url`),
    });
    const tell = async (password: string) => {
      for (const which of ["api", "worker"] as const) {
        await replaceFile(secrets(which).url, nodeUrl(password));
        // The listening connection alone uses it: its name tells whose it is.
        await replaceFile(secrets(which).direct, nodeUrl(password, `?application_name=${LISTENER}${which}`));
      }
    };
    await tell("first");
    const credentials = await makeAccounts(nodeUrl("first"), accounts);

    const member = async (role: Role, index: number): Promise<Member> => ({
      name: `${role}-${index + 1}`,
      role,
      command: [...command, "serve", "--json", "--role", role],
      env: {
        PROSOPON_DATABASE_URL_FILE: secrets(role).url,
        PROSOPON_DATABASE_CONNECTIONS: role === "api" ? "10" : "5",
        // Three workers share two cores: one thread each bounds what inference takes.
        PROSOPON_THREADS: "1",
        PROSOPON_PORT: "0",
        ...(await images.env(`${role}-${index + 1}`)),
        PROSOPON_DATA: path.join(directory, `${role}-${index + 1}`),
        PROSOPON_LOG_LEVEL: "warn",
        PROSOPON_DATABASE_DIRECT_URL_FILE: secrets(role).direct,
      },
    });
    const fleet = startFleet(
      await Promise.all([
        ...Array.from({ length: apis }, (_, index) => member("api", index)),
        ...Array.from({ length: workers }, (_, index) => member("worker", index)),
      ]),
    );
    undo.push(() => fleet.stop());
    const proxy = await startProxy(fleet.apis);
    undo.push(() => proxy.close());
    return {
      fleet,
      url: proxy.url,
      accounts: credentials,
      images,
      // The database's own once, in the first of two storms.
      faults: [
        ...images.faults,
        ...(ours && where !== "objects"
          ? databaseFaults({ query: (sql) => once(url, sql), role, tell })
          : []),
      ],
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

/** A user who owns the database and is no superuser, as the manual makes one. */
async function makeRole(admin: string, url: string, role: string): Promise<void> {
  await once(
    admin,
    `CREATE ROLE by_password; CREATE ROLE ${role} LOGIN PASSWORD 'first' IN ROLE by_password`,
  );
  await once(
    url,
    `CREATE EXTENSION vector; ALTER DATABASE ${new URL(url).pathname.slice(1)} OWNER TO ${role}`,
  );
}

async function once(url: string, sql: string): Promise<void> {
  const client = await open(url);
  try {
    await client.query(sql);
  } finally {
    await client.end().catch(() => {});
  }
}

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
