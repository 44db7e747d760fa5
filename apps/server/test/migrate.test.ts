import { describe, expect, it } from "vitest";
import {
  createDatabase,
  execute,
  query,
  testPostgres,
} from "../../../packages/service/test/postgres/database.ts";
import { run, startServer, temporaryDirectory } from "./command.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;

describe.skipIf(reason !== undefined)(`migrate${reason ? `: ${reason}` : ""}`, () => {
  it("lists what is pending and changes nothing with --check, prints the SQL with --dry-run, then applies it once", async () => {
    const database = await createDatabase(server.url);
    const env = { PROSOPON_DATABASE_URL: database.url };
    const check = await run(["migrate", "--check"], { env });
    expect(check.code).toBe(1);
    expect(check.stdout).toContain("pending 001-initial.sql\n");
    expect(check.stderr).toContain("not up to date");

    const dry = await run(["migrate", "--dry-run"], { env });
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(/^-- 001-initial\.sql\n/);
    expect(await query(database.url, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
    // What it prints is what it does: all of it runs by hand.
    const byHand = await createDatabase(server.url);
    await execute(byHand.url, dry.stdout);
    await byHand.drop();

    // Several at once, as when nodes start together: each migration is applied by one of them, whichever comes first.
    const all = await Promise.all([1, 2, 3].map(() => run(["migrate", "--json"], { env })));
    const applied = all.flatMap(({ stdout }) => JSON.parse(stdout).applied as string[]);
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    const state = JSON.parse((await run(["migrate", "--check", "--json"], { env })).stdout);
    expect(state).toMatchObject({
      current: true,
      pending: [],
      versions: { postgresql: expect.stringMatching(/^(1[7-9]|2)/) },
    });
    expect(state.applied).toEqual(applied.toSorted());
    expect((await run(["migrate"], { env })).stdout).toBe("Up to date already.\n");
    await database.drop();
  });

  it("lets nodes of the release before work on, unless a migration says that they cannot", async () => {
    const database = await createDatabase(server.url);
    const args = ["--role", "api", "--database-url", database.url, "--blobs", await temporaryDirectory()];
    const data = await temporaryDirectory();
    await (await startServer(data, args)).stop();
    // As a newer release does: one migration more than these nodes know.
    await execute(
      database.url,
      "INSERT INTO migrations (number, name, needs) VALUES (900, '900-later.sql', 1)",
    );
    const older = await startServer(data, args);
    expect((await fetch(`${older.url}/readyz`)).status).toBe(200);
    expect((await run(["migrate", "--check", "--database-url", database.url])).code).toBe(0);

    await execute(database.url, "UPDATE migrations SET needs = 900 WHERE number = 900");
    // A node that runs meanwhile is taken out of service, one that starts is refused.
    const answer = await fetch(`${older.url}/readyz`);
    expect(answer.status).toBe(503);
    expect(((await answer.json()) as { message: string }).message).toMatch(/^role api: .*newer Prosopon/);
    const refused = await run(["serve", "--port", "0", "--data", data, ...args]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("asks for schema 900");
    const unusable = await run(["migrate", "--check", "--json", "--database-url", database.url]);
    expect(unusable.code).toBe(1);
    expect(JSON.parse(unusable.stdout).problem).toContain("newer Prosopon");
    await older.stop();
    await database.drop();
  });

  it("is not done by commands that list or administer, which say what to do about an older schema", async () => {
    const database = await createDatabase(server.url);
    const url = ["--database-url", database.url];
    const commands = [
      ["accounts", "list"],
      ["accounts", "disable", "somebody"],
      ["keys", "rotate", "--at-once"],
      ["doctor"],
    ];
    for (const command of commands) await run([...command, ...url]);
    expect(await query(database.url, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
    expect(await run(["accounts", "list", ...url])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("no Prosopon data in this database"),
    });

    expect((await run(["migrate", ...url])).code).toBe(0);
    // As a release before it had left it, if there had been one.
    const [step] = await query<{ name: string }>(
      database.url,
      "DELETE FROM migrations WHERE number = (SELECT max(number) FROM migrations) RETURNING name",
    );
    await execute(
      database.url,
      "INSERT INTO migrations (number, name, needs) VALUES (0, '000-before.sql', 0)",
    );
    for (const command of commands.slice(0, 3))
      expect(await run([...command, ...url])).toMatchObject({
        code: 1,
        stdout: "",
        stderr: expect.stringMatching(new RegExp(`${step!.name} not applied.*prosopon migrate`)),
      });
    const names = await query<{ name: string }>(database.url, "SELECT name FROM migrations");
    expect(names).not.toContainEqual(step);
    await database.drop();
  });

  it("says what is wrong without the password", async () => {
    const wrong: [args: string[], code: number, says: string][] = [
      [["migrate"], 2, "Which database?"],
      [
        ["migrate", "--database-url", "mysql://root:hunter2@db/x"],
        2,
        "must be an address such as postgres://",
      ],
      [["migrate", "--database-url", "postgres://me:hunter2@127.0.0.1:1/x"], 1, "ECONNREFUSED"],
    ];
    for (const [args, code, says] of wrong) {
      const outcome = await run(args);
      expect(outcome).toMatchObject({ code, stdout: "" });
      expect(outcome.stderr).toContain(says);
      expect(outcome.stderr).not.toContain("hunter2");
    }
    const unheard = await run(["migrate"], { env: { PROSOPON_DATABASE_URL: "postgres//me:hunter2@db" } });
    expect(unheard.stderr).toContain("PROSOPON_DATABASE_URL");
    expect(unheard.stderr).not.toContain("hunter2");
  });
});
