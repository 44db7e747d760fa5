import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { debianUnavailable, inDebian, serverDirectory, unlessRequired } from "../../../../tools/debian.ts";
import { postgresMigrations } from "../../src/storage/postgres/migrate.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import type { Storage } from "../../src/storage/types.ts";
import { embedding, enqueue, enrol, enrolment, face, newAccount, nearestIn } from "../storage/samples.ts";
import { createDatabase, execute, query, type TestDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : unlessRequired(debianUnavailable());
const server = postgres as Exclude<typeof postgres, string>;
const bin = "/usr/lib/postgresql/17/bin";

describe.skipIf(reason !== undefined)(`docs/operations.md${reason ? `: ${reason}` : ""}`, async () => {
  const page = await readFile(path.join(import.meta.dirname, "../../../../docs/operations.md"), "utf8");
  const roles = {
    owner: `owner_${randomBytes(6).toString("hex")}`,
    watcher: `watcher_${randomBytes(6).toString("hex")}`,
  };
  let database: OwnedDatabase;
  let storage: Storage;
  let account: string;
  const closing: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    for (const role of Object.values(roles)) {
      await execute(server.url, `CREATE ROLE ${role} LOGIN PASSWORD '${role}'`);
      closing.push(() => execute(server.url, `DROP ROLE ${role}`));
    }
    database = await createOwned();
    storage = await openPostgresStorage({ url: database.url, connections: 4 });
    closing.push(() => storage.close());
    account = await newAccount(storage);
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  interface OwnedDatabase extends TestDatabase {
    /** The same, for a superuser. */
    asSuperuser: string;
  }

  /** As the page makes one: `createdb --owner`, then `CREATE EXTENSION vector` as a superuser. Its URL is the owner's. */
  async function createOwned(): Promise<OwnedDatabase> {
    const made = await createDatabase(server.url);
    closing.push(() => made.drop());
    await execute(
      server.url,
      `ALTER DATABASE ${new URL(made.url).pathname.slice(1)} OWNER TO ${roles.owner}`,
    );
    await execute(made.url, "CREATE EXTENSION vector");
    return { ...made, asSuperuser: made.url, url: asUser(made.url, roles.owner) };
  }

  function asUser(url: string, role: string): string {
    return Object.assign(new URL(url), { username: role, password: role }).href;
  }

  /** The page's command of this program, with what it stands for put in. */
  async function runAsOnThePage(program: string, values: Record<string, string>): Promise<void> {
    const [, words = ""] = new RegExp(`^${program} ([^#\\n]+)`, "m").exec(page) ?? [];
    const filled = Object.entries(values).reduce((text, [word, value]) => text.replace(word, value), words);
    await inDebian(`${bin}/${program}`, ...filled.trim().split(/\s+/));
  }

  it("restores a running server's backup as it was: people, jobs, sessions' key and the events' numbers", async () => {
    const people = [];
    for (let seed = 1; seed <= 20; seed++) people.push(await enrol(storage, account, [face(seed)]));
    const waiting = await enqueue(storage, account, enrolment);
    const key = await storage.secret("token-signing", 32);
    const head = await storage.events.head(account);

    const dump = `${await serverDirectory(process.pid, "backup")}/prosopon.dump`;
    await runAsOnThePage("pg_dump", { "prosopon.dump": dump, '"$PROSOPON_DATABASE_URL"': database.url });
    const deletedSince = people[0]!.identityId;
    await storage.identities.delete(account, [deletedSince], 3000);

    const fresh = await createOwned();
    await runAsOnThePage("pg_restore", {
      "postgres://prosopon:...@.../prosopon_restored": fresh.url,
      "prosopon.dump": dump,
    });
    const { pending, problem } = await postgresMigrations(fresh.url); // what `migrate --check` asks
    expect([pending, problem]).toEqual([[], undefined]);
    const restored = await openPostgresStorage({ url: fresh.url, connections: 4 });
    closing.push(() => restored.close());
    expect(await restored.identities.count(account)).toEqual({ identities: 20, faces: 20 });
    // By which a place for images knows its database; asked as a user who is no superuser.
    const ids = await Promise.all(
      [storage, storage, restored].map(async (one) => (await one.databaseId()).id),
    );
    expect([ids[0] === ids[1], ids[0] === ids[2]]).toEqual([true, false]);
    for (const [index, { identityId }] of people.entries())
      expect(await nearestIn(restored, account, embedding(index + 1), 1)).toMatchObject([
        { identityId, cosine: expect.closeTo(1, 6) },
      ]);
    expect(await restored.events.head(account)).toBe(head);
    expect(await restored.secret("token-signing", 32)).toEqual(key);
    const [job] = await restored.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 3, now: 4000 });
    expect(job?.id).toBe(waiting);
    // What the page warns of: a restore brings back whom the backup knew, until they are deleted again.
    expect(await restored.identities.get(account, deletedSince)).toBeDefined();
    expect((await restored.identities.delete(account, [deletedSince], 5000)).deleted).toBe(true);
    expect(await restored.identities.count(account)).toEqual({ identities: 19, faces: 19 });
  });

  it("has queries for a user that reads these columns and nothing else", async () => {
    const blocks = [...page.matchAll(/```sql\n(.*?)```/gs)].map(([, block]) => block!.split(/;\s*\n/));
    const [grants = [], queries = []] = blocks.map((block) => block.filter((sql) => sql.trim() !== ""));
    expect(grants.length).toBeGreaterThan(1);
    expect(queries.length).toBeGreaterThan(4);
    for (const sql of grants) await execute(database.asSuperuser, sql.replace("watcher", roles.watcher));
    const watcher = asUser(database.asSuperuser, roles.watcher);
    for (const sql of queries) await query(watcher, sql);
    const [depth] = await query<{ waiting: string }>(watcher, queries[0]!);
    expect(Number(depth!.waiting)).toBe(1);
    const tables = await query<{ name: string }>(
      database.asSuperuser,
      "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
    );
    for (const { name } of tables)
      await expect(query(watcher, `SELECT * FROM ${name}`), name).rejects.toThrow("permission denied");
    for (const secret of ["payload FROM jobs", "result FROM jobs", "secret_hash FROM accounts"])
      await expect(query(watcher, `SELECT ${secret}`), secret).rejects.toThrow("permission denied");
  });
});
