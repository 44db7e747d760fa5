import { readFile, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import {
  createDatabase,
  execute,
  query,
  testPostgres,
} from "../../../packages/service/test/postgres/database.ts";
import { form, FRANCK, login, photo, type Api } from "./api.ts";
import { begin, run, startServer, temporaryDirectory, type RunningServer } from "./command.ts";
import { errorsOf, expectAsDocumented, readiness, type rows } from "./fault-table.ts";
import { madeAccount, noPostgres } from "./nodes.ts";
import { type Relay, relayTo } from "./relay.ts";
import { smallDisk } from "./small-tablespace.ts";

const IDENTITY = "/innovation-service/identity";
/** The documented bound, and what a busy machine takes on top. */
const TOLD_MS = 15_000 + 5_000;
/** What PostgreSQL says of these faults, and nobody without a token is to read. */
const POSTGRESQLS =
  /password authentication|not permitted|read-only transaction|could not extend|statement timeout|role "|relation|tablespace|canceling/;

/** Not by `expect.poll`, which does not know whose it is among tests that run at once. */
const eventually = (met: () => unknown) => vi.waitFor(met, { timeout: 60_000, interval: 200 });
const untilReady = (node: RunningServer, status: number) =>
  eventually(async () => expect((await readiness(node)).status).toBe(status));

async function enrol({ url }: RunningServer, { token }: Api): Promise<Response> {
  return fetch(`${url}${IDENTITY}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: form({ field: "input_images", blobs: [await photo(FRANCK[0]!)] }),
  });
}

/** Reads by the gateway: the code of its error, if any. */
async function ask({ url }: RunningServer, { token }: Api): Promise<{ code: string; inTime: boolean }> {
  const began = performance.now();
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ query: "{ jobs(first: 1) { edges { node { jobId } } } }" }),
  });
  const { errors } = (await answer.json()) as { errors?: { extensions: { code: string } }[] };
  return { code: errors?.[0]!.extensions.code ?? "none", inTime: performance.now() - began < TOLD_MS };
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
  relay: Relay;
  disk: Exclude<Awaited<ReturnType<typeof smallDisk>>, string> | undefined;
}

const cut = ({ admin, database }: Pick<Place, "admin" | "database">) =>
  execute(
    admin,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND pid <> pg_backend_pid()`,
  );

interface Fault {
  name: string;
  row: keyof typeof rows;
  begin(place: Place): Promise<unknown>;
  end(place: Place): Promise<unknown>;
}

/** Makes every write of a job fail so. */
const raising = (code: string): Pick<Fault, "begin" | "end"> => ({
  begin: ({ own }) =>
    execute(
      own,
      `CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}'; END $$;
       CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON jobs FOR EACH STATEMENT EXECUTE FUNCTION fault()`,
    ),
  end: ({ own }) => execute(own, "DROP FUNCTION fault() CASCADE"),
});

/** Sets a limit for the nodes, and holds what they want for longer. */
const over = (limit: string): Pick<Fault, "begin" | "end"> => ({
  begin: async (place) => {
    await execute(place.admin, `ALTER ROLE ${place.role} SET ${limit} = '700ms'`);
    await cut(place);
    // Until it is cut.
    execute(place.own, "LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)").catch(() => {});
  },
  end: async (place) => {
    await execute(place.admin, `ALTER ROLE ${place.role} RESET ${limit}`);
    await cut(place);
  },
});

/** Changes something for the nodes' user, whose connections then begin anew. */
const user = (begin: string, end: string): Pick<Fault, "begin" | "end"> => ({
  begin: async (place) => {
    await execute(place.admin, `ALTER ROLE ${place.role} ${begin}`);
    await cut(place);
  },
  end: ({ admin, role }) => execute(admin, `ALTER ROLE ${role} ${end}`),
});

/** Each is begun, makes every call that starts a job fail, and is mended. */
const faults: Fault[] = [
  {
    name: "is down",
    row: "down",
    begin: async ({ relay }) => relay.refuse(true),
    end: async ({ relay }) => relay.refuse(false),
  },
  {
    name: "has no connection left (53300)",
    row: "down",
    ...user("CONNECTION LIMIT 0", "CONNECTION LIMIT -1"),
  },
  {
    name: "falls silent",
    row: "silent",
    begin: async ({ relay }) => relay.silence(true),
    end: async ({ relay }) => relay.silence(false),
  },
  {
    name: "is read-only, as after a failover under its nodes (25006)",
    row: "readOnly",
    begin: ({ admin, database }) =>
      execute(admin, `ALTER DATABASE ${database} SET default_transaction_read_only = on`).then(() =>
        cut({ admin, database }),
      ),
    end: ({ admin, database }) =>
      execute(admin, `ALTER DATABASE ${database} RESET default_transaction_read_only`),
  },
  {
    name: "has another password for its nodes, who are told it in their file (28P01)",
    row: "refused",
    begin: user("PASSWORD 'another'", "").begin,
    end: async ({ file, role }) => {
      await writeFile(file, (await readFile(file, "utf8")).replace(`${role}:first@`, `${role}:another@`));
    },
  },
  { name: "lets its nodes log in no more (28000)", row: "refused", ...user("NOLOGIN", "LOGIN") },
  {
    name: "has taken its nodes' rights away (42501)",
    row: "refused",
    begin: ({ own }) => execute(own, "ALTER TABLE jobs OWNER TO CURRENT_USER"),
    end: ({ own, role }) => execute(own, `ALTER TABLE jobs OWNER TO ${role}`),
  },
  { name: "takes longer than its own statement_timeout (57014)", row: "slow", ...over("statement_timeout") },
  { name: "takes longer than its own lock_timeout (55P03)", row: "slow", ...over("lock_timeout") },
  {
    name: "has a full disk (53100)",
    row: "full",
    begin: ({ disk }) => disk!.fill(),
    end: ({ disk }) => disk!.empty(),
  },
  { name: "is out of memory (53200)", row: "failing", ...raising("53200") },
  { name: "has a disk that fails (58030)", row: "failing", ...raising("58030") },
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
        place: { admin: postgres.url, own: made.url, database, role, file, disk, relay },
        api,
        worker,
        drop,
      };
    }

    // All at once: most of it is waiting for what the nodes are patient with.
    for (const fault of faults) {
      const without = fault.row === "full" && typeof small === "string" ? small : undefined;
      (without === undefined ? it.concurrent : it.skip)(
        `${fault.name} say so with 503 and when to try again, by /readyz and once in the log, and lose nothing${without ? `: ${without}` : ""}`,
        async ({ onTestFinished }) => {
          const { place, api, worker, drop } = await setUp({ onSmallDisk: fault.row === "full" });
          onTestFinished(drop);
          const client = await login(api.url, madeAccount([api]));
          const sent: string[] = [];
          for (let at = 0; at < 4; at++)
            sent.push(((await (await enrol(api, client)).json()) as { job_id: string }).job_id);
          const before = new Map([api, worker].map((node) => [node, node.outcome.stderr.length]));
          await fault.begin(place);
          const closed: number[] = [];
          const streams = [1, 2].map(() => {
            const headers = { authorization: `Bearer ${client.token}` };
            const stream = new WebSocket(`${api.url.replace("http", "ws")}/v1/events`, { headers });
            return stream.on("error", () => {}).on("close", (code) => void closed.push(code));
          });

          const attempt = async (): Promise<Response> => {
            const answer = await enrol(api, client);
            if (answer.status === 200) sent.push(((await answer.json()) as { job_id: string }).job_id);
            return answer;
          };
          const asked = ask(api, client);
          // On a full disk the last pages may have room for a job or two.
          let begun = 0;
          let refused: Response | undefined;
          for (let tries = 0; !refused && tries < 200; tries++) {
            begun = performance.now();
            const answers = await Promise.all([1, 2, 3].map(attempt));
            expect(answers.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
            refused = answers.find(({ status }) => status !== 200);
          }
          if (!refused) throw new Error("every call was answered as if nothing were wrong");
          expect(performance.now() - begun).toBeLessThan(TOLD_MS);
          const { message } = (await refused.json()) as { message: string };
          expect(message).not.toMatch(POSTGRESQLS);
          // By the gateway the same, and as soon.
          expect(await asked).toEqual({ code: expect.stringMatching(/^(UNAVAILABLE|none)$/), inTime: true });
          // What only writes meet, a worker without jobs has not met.
          const meeting = ["full", "failing"].includes(fault.row) ? [api] : [api, worker];
          for (const node of meeting) await untilReady(node, 503);
          for (const node of meeting)
            await expectAsDocumented(fault.row, {
              call: { status: refused.status, retryAfter: refused.headers.get("retry-after"), message },
              log: () => errorsOf(node, before.get(node)!),
              readyz: await readiness(node),
            });

          // An event stream that cannot be had, or goes on.
          expect(closed.filter((code) => code !== 1013)).toEqual([]);
          for (const stream of streams) stream.terminate();
          await fault.end(place);
          for (const node of [api, worker]) await untilReady(node, 200);
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
      await eventually(() => expect(outcome.stderr).toContain("the server waits"));
      const waiting = { url: /"url":"(http:[^"]+)"/.exec(outcome.stderr)![1]! };
      expect(await readiness(waiting)).toMatchObject({
        status: 503,
        message: expect.stringContaining("the database is away"),
      });
      expect((await readiness(waiting)).message).not.toMatch(/127\.0|hunter2|ECONN/);
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
      await eventually(() => expect(outcome.stdout).toContain("\n"));
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
