import { readFile, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  createDatabase,
  execute,
  query,
  testPostgres,
} from "../../../packages/service/test/postgres/database.ts";
import { form, FRANCK, login, photo, type Api } from "./api.ts";
import { begin, run, startServer, temporaryDirectory, type RunningServer } from "./command.ts";
import { madeAccount, noPostgres } from "./nodes.ts";
import { relayTo } from "./relay.ts";
import { smallDisk } from "./small-tablespace.ts";

const IDENTITY = "/innovation-service/identity";
/** The documented bound, and what a busy machine takes on top. */
const TOLD_MS = 15_000 + 5_000;
/** What PostgreSQL says of these faults, and nobody without a token is to read. */
const POSTGRESQLS =
  /password authentication|not permitted|read-only transaction|could not extend|statement timeout|role "|relation|tablespace|canceling/;

const eventually: typeof expect.poll = (actual) => expect.poll(actual, { timeout: 60_000, interval: 200 });

async function enrol({ url }: RunningServer, { token }: Api): Promise<Response> {
  return fetch(`${url}${IDENTITY}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: form({ field: "input_images", blobs: [await photo(FRANCK[0]!)] }),
  });
}

async function readiness({ url }: { url: string }): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${url}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

const linesOf = ({ outcome }: RunningServer, text: string): number =>
  outcome.stderr.split("\n").filter((line) => line.includes(text)).length;

interface Place {
  /** Of a superuser. */
  admin: string;
  /** The same, to the nodes' database. */
  own: string;
  database: string;
  role: string;
  /** Where the nodes read their address. */
  file: string;
  silence(on: boolean): void;
  disk: Exclude<Awaited<ReturnType<typeof smallDisk>>, string> | undefined;
}

const cut = ({ admin, database }: Pick<Place, "admin" | "database">) =>
  execute(
    admin,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND pid <> pg_backend_pid()`,
  );

/** Each is begun, makes every call that starts a job fail, and is mended. */
const faults: {
  name: string;
  says: RegExp;
  begin(place: Place): Promise<unknown>;
  end(place: Place): Promise<unknown>;
}[] = [
  {
    name: "is read-only, as after a failover under its nodes (25006)",
    says: /takes no changes/,
    begin: ({ admin, database }) =>
      execute(admin, `ALTER DATABASE ${database} SET default_transaction_read_only = on`).then(() =>
        cut({ admin, database }),
      ),
    end: ({ admin, database }) =>
      execute(admin, `ALTER DATABASE ${database} RESET default_transaction_read_only`),
  },
  {
    name: "has another password for its nodes, who are told it in their file (28P01)",
    says: /does not let this node in/,
    begin: async (place) => {
      await execute(place.admin, `ALTER ROLE ${place.role} PASSWORD 'another'`);
      await cut(place);
    },
    end: async ({ file, role }) => {
      await writeFile(file, (await readFile(file, "utf8")).replace(`${role}:first@`, `${role}:another@`));
    },
  },
  {
    name: "lets its nodes log in no more (28000)",
    says: /does not let this node in/,
    begin: async (place) => {
      await execute(place.admin, `ALTER ROLE ${place.role} NOLOGIN`);
      await cut(place);
    },
    end: ({ admin, role }) => execute(admin, `ALTER ROLE ${role} LOGIN`),
  },
  {
    name: "takes longer than its own statement_timeout (57014)",
    says: /statement_timeout/,
    begin: async (place) => {
      await execute(place.admin, `ALTER ROLE ${place.role} SET statement_timeout = '700ms'`);
      await cut(place);
      // Until it is cut.
      execute(place.own, "LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)").catch(() => {});
    },
    end: async (place) => {
      await execute(place.admin, `ALTER ROLE ${place.role} RESET statement_timeout`);
      await cut(place);
    },
  },
  {
    name: "has a full disk (53100)",
    says: /disk is full/,
    begin: ({ disk }) => disk!.fill(),
    end: ({ disk }) => disk!.empty(),
  },
  {
    name: "falls silent",
    says: /does not answer/,
    begin: async ({ silence }) => silence(true),
    end: async ({ silence }) => silence(false),
  },
];

const postgres = await testPostgres();
const small = noPostgres ?? (await smallDisk(160));
const disk = typeof small === "string" ? undefined : small;
if (typeof small === "string" && process.env["CI"]) throw new Error(`This must run for real in CI: ${small}`);
afterAll(() => disk?.drop());

describe.skipIf(noPostgres !== undefined)(
  `nodes whose database${noPostgres ? `: ${noPostgres}` : ""}`,
  () => {
    interface SetUp {
      place: Place;
      api: RunningServer;
      worker: RunningServer;
      drop(): Promise<void>;
    }

    async function setUp({ onSmallDisk }: { onSmallDisk: boolean }): Promise<SetUp> {
      if (typeof postgres === "string") throw new Error(postgres);
      const made = await createDatabase(postgres.url);
      const database = new URL(made.url).pathname.slice(1);
      const role = `node_${database}`;
      await execute(
        postgres.url,
        `DO $$ BEGIN CREATE ROLE by_password; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;
       CREATE ROLE ${role} LOGIN PASSWORD 'first' IN ROLE by_password; ALTER DATABASE ${database} OWNER TO ${role}`,
      );
      if (disk && onSmallDisk)
        await execute(postgres.url, `ALTER DATABASE ${database} SET TABLESPACE ${disk.name}`);
      await execute(made.url, "CREATE EXTENSION vector");
      const relay = await relayTo(Number(new URL(postgres.url).port));
      const file = join(await temporaryDirectory(), "database_url");
      await writeFile(file, `postgres://${role}:first@127.0.0.1:${relay.port}/${database}\n`);
      const env = { PROSOPON_DATABASE_URL_FILE: file };
      const blobs = await temporaryDirectory();
      const node = async (which: string) =>
        startServer(await temporaryDirectory(), ["--role", which, "--blobs", blobs], { env });
      const [api, worker] = [await node("api"), await node("worker")];
      const drop = async () => {
        await Promise.all([api.stop(), worker.stop()]);
        relay.close();
        if (onSmallDisk) await disk?.empty();
        await made.drop();
        await execute(postgres.url, `DROP ROLE ${role}`);
      };
      return {
        place: { admin: postgres.url, own: made.url, database, role, file, disk, silence: relay.silence },
        api,
        worker,
        drop,
      };
    }

    // All at once: most of it is waiting for what the nodes are patient with.
    for (const fault of faults) {
      const without = fault.name.includes("53100") && typeof small === "string" ? small : undefined;
      (without === undefined ? it.concurrent : it.skip)(
        `${fault.name} say so with 503 and when to try again, by /readyz and once in the log, and lose nothing${without ? `: ${without}` : ""}`,
        async ({ expect, onTestFinished }) => {
          const { place, api, worker, drop } = await setUp({ onSmallDisk: fault.says.test("disk is full") });
          onTestFinished(drop);
          const client = await login(api.url, madeAccount([api]));
          const sent: string[] = [];
          for (let at = 0; at < 4; at++)
            sent.push(((await (await enrol(api, client)).json()) as { job_id: string }).job_id);
          await fault.begin(place);

          const attempt = async (): Promise<Response> => {
            const answer = await enrol(api, client);
            if (answer.status === 200) sent.push(((await answer.json()) as { job_id: string }).job_id);
            return answer;
          };
          // On a full disk the last pages may have room for a job or two.
          let [begun, refused] = [performance.now(), await attempt()];
          for (let tries = 0; refused.status === 200 && tries < 200; tries++)
            [begun, refused] = [performance.now(), await attempt()];
          expect(performance.now() - begun).toBeLessThan(TOLD_MS);
          const text = await refused.text();
          expect([refused.status, text]).toEqual([503, expect.stringMatching(fault.says)]);
          expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
          expect(text).not.toMatch(POSTGRESQLS);
          // A full disk is met by who writes: a worker without jobs has not.
          const meeting = fault.says.test("disk is full") ? [api] : [api, worker];
          for (const node of meeting)
            await eventually(() => readiness(node)).toMatchObject({
              status: 503,
              text: expect.not.stringMatching(POSTGRESQLS),
            });
          const more = (await Promise.all([1, 2, 3].map(attempt))).map(({ status }) => status);
          const allowed = fault.says.test("disk is full") ? [503, 200] : [503];
          expect(more.filter((status) => !allowed.includes(status))).toEqual([]);
          for (const node of meeting) expect(linesOf(node, "the database cannot be used")).toBe(1);
          expect(linesOf(worker, "could not claim jobs")).toBe(0);

          await fault.end(place);
          for (const node of [api, worker])
            await eventually(() => readiness(node)).toMatchObject({ status: 200 });
          const again = await login(api.url, madeAccount([api]));
          for (const job of sent)
            expect(await again.end(IDENTITY, job)).toMatchObject({ status: "Succeeded" });
          const { body } = await again.call("GET", "/v1/jobs?status=Failed");
          expect(body.jobs).toEqual([]);
          for (const node of meeting) expect(linesOf(node, "can be used again")).toBe(1);
        },
        240_000,
      );
    }

    it("is not there when they start wait for it, and say so without its address", async () => {
      if (typeof postgres === "string") throw new Error(postgres);
      const made = await createDatabase(postgres.url);
      const relay = await relayTo(1); // nobody listens
      const port = relay.port;
      relay.close();
      const url = made.url.replace(/:\d+\//, `:${port}/`).replace("postgres@", "postgres:hunter2@");
      const { child, outcome, ended } = begin(
        [
          "serve",
          "--json",
          "--port",
          "0",
          "--data",
          await temporaryDirectory(),
          "--role",
          "worker",
          "--threads",
          "1",
          "--blobs",
          await temporaryDirectory(),
          "--log-level",
          "info",
        ],
        { env: { PROSOPON_DATABASE_URL: url } },
      );
      await eventually(() => outcome.stderr).toContain("the server waits");
      const waiting = { url: /"url":"(http:[^"]+)"/.exec(outcome.stderr)![1]! };
      expect(await readiness(waiting)).toMatchObject({
        status: 503,
        text: expect.stringContaining("the database is away"),
      });
      expect((await readiness(waiting)).text).not.toMatch(/127\.0|hunter2|ECONN/);
      const socket = new WebSocket(`${waiting.url}/v1/events`);
      // Answered with 503, not kept waiting.
      await new Promise((resolve) => socket.addEventListener("error", resolve));
      expect(outcome.stderr).not.toContain("hunter2");
      expect(child.exitCode).toBeNull();
      const back = createServer((socket) => {
        const server = connect(Number(new URL(postgres.url).port), "127.0.0.1");
        socket.on("error", () => server.destroy()).pipe(server);
        server.on("error", () => socket.destroy()).pipe(socket);
      }).listen(port, "127.0.0.1");
      await eventually(() => outcome.stdout).toContain("\n");
      expect((await readiness(JSON.parse(outcome.stdout) as { url: string })).status).toBe(200);
      child.kill("SIGTERM");
      expect((await ended).code).toBe(0);
      back.close();
      await made.drop();
    }, 120_000);

    it("gives them no right to create tables is told what right is missing", async () => {
      if (typeof postgres === "string") throw new Error(postgres);
      const made = await createDatabase(postgres.url);
      const role = `reader_${new URL(made.url).pathname.slice(1)}`;
      await execute(postgres.url, `CREATE ROLE ${role} LOGIN`);
      const url = made.url.replace("postgres@", `${role}@`);
      const outcome = await run(["migrate", "--database-url", url]);
      expect(outcome).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("the right to create tables"),
      });
      expect(await query(made.url, "SELECT 1 FROM pg_tables WHERE tablename = 'migrations'")).toEqual([]);
      await made.drop();
      await execute(postgres.url, `DROP ROLE ${role}`);
    });
  },
);
