import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { login } from "./api.ts";
import { run, startServer, temporaryDirectory } from "./command.ts";
import { cluster, madeAccount, noPostgres } from "./nodes.ts";

describe("prosopon keys rotate", () => {
  it("replaces the key of a running server: sessions go on, or end when told so", async () => {
    const data = await temporaryDirectory();
    const server = await startServer(data);
    const login = async () => {
      const { clientId, secretId } = server;
      const body = JSON.stringify({ clientId, secretId });
      return (
        (await (await fetch(`${server.url}/login`, { method: "POST", body })).json()) as { token: string }
      ).token;
    };
    const status = async (token: string) =>
      (await fetch(`${server.url}/v1/account`, { headers: { authorization: `Bearer ${token}` } })).status;
    const token = await login();
    const rotated = await run(["keys", "rotate", "--data", data, "--json"]);
    expect(rotated).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(rotated.stdout)).toEqual({
      key: expect.stringMatching(/^\d+$/),
      forgotten: 0,
      ended: 0,
    });
    expect(await status(token)).toBe(200);
    const ended = await run(["keys", "rotate", "--at-once", "--data", data]);
    expect(ended.stdout).toContain("everybody must log in again");
    // With the very next request, and whoever logs in then stays so.
    expect(await status(token)).toBe(401);
    const later = await login();
    expect(await status(later)).toBe(200);
    await sleep(31_000);
    expect(await status(later)).toBe(200);
  });
});

describe.skipIf(noPostgres !== undefined)(
  `prosopon keys rotate --at-once on several nodes${noPostgres ? `: ${noPostgres}` : ""}`,
  () => {
    it("is at once on each of them, and whoever logs in afterwards is known to all", async () => {
      const nodes = await cluster();
      const apis = [await nodes.node("api"), await nodes.node("api")];
      const account = madeAccount(apis);
      const tokens = async () => Promise.all(apis.map(async ({ url }) => (await login(url, account)).token));
      const statuses = (all: string[]) =>
        Promise.all(
          all.flatMap((token) =>
            apis.map(
              async ({ url }) =>
                (await fetch(`${url}/v1/account`, { headers: { authorization: `Bearer ${token}` } })).status,
            ),
          ),
        );
      const before = await tokens();
      expect(await statuses(before)).toEqual([200, 200, 200, 200]);
      const rotated = await run([
        "keys",
        "rotate",
        "--at-once",
        "--json",
        "--database-url",
        nodes.database.url,
      ]);
      expect(rotated.code).toBe(0);
      // With the very next request to either.
      expect(await statuses(before)).toEqual([401, 401, 401, 401]);
      expect(await statuses(await tokens())).toEqual([200, 200, 200, 200]);
      await Promise.all(apis.map((api) => api.stop()));
    });
  },
);

describe("secrets in files", () => {
  it("are read, and named when they cannot be, without being shown", async () => {
    const directory = await temporaryDirectory();
    const file = join(directory, "secret");
    await writeFile(file, "not a database's address\n");
    const migrate = (env: Record<string, string>) => run(["migrate"], { env });
    const wrong = await migrate({ PROSOPON_DATABASE_URL_FILE: file });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("PROSOPON_DATABASE_URL") });
    expect(wrong.stderr).not.toContain("not a database");
    await writeFile(file, "postgres://nobody:hidden@127.0.0.1:1/none\n");
    const away = await migrate({ PROSOPON_DATABASE_URL_FILE: file });
    expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining("cannot be used") });
    expect(away.stderr).not.toContain("hidden");
    for (const [env, said] of [
      [{ PROSOPON_DATABASE_URL_FILE: join(directory, "none") }, "cannot be read (ENOENT)"],
      [{ PROSOPON_DATABASE_URL_FILE: file, PROSOPON_DATABASE_URL: "postgres://x/y" }, "both set"],
    ] as const)
      expect(await migrate(env)).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
  });
});
