import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStorage } from "../../src/storage/sqlite/open.ts";
import { account, embedding, enqueue, enrolment, newAccount } from "./samples.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "prosopon-directory-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("SQLite data directory", () => {
  it("belongs to one server at a time, in this process and in others", async () => {
    const storage = await openSqliteStorage({ directory });
    await expect(openSqliteStorage({ directory })).rejects.toMatchObject({
      code: "locked",
      message: expect.stringContaining("Stop that one"),
    });
    const module = join(import.meta.dirname, "../../src/storage/sqlite/open.ts");
    const script = `const { openSqliteStorage } = await import(${JSON.stringify(module)});
      await openSqliteStorage({ directory: ${JSON.stringify(directory)} }).catch((error) => console.log(error.code));`;
    const open = () =>
      spawnSync(process.execPath, ["--conditions=@prosopon/source", "--input-type=module", "-e", script], {
        encoding: "utf8",
      });
    expect(open().stdout.trim()).toBe("locked");
    await storage.close();
    expect(open()).toMatchObject({ stdout: "", stderr: "", status: 0 });
  });

  it("lets accounts be administered beside a running server, which sees it at once", async () => {
    const server = await openSqliteStorage({ directory });
    const one = account();
    await server.accounts.create(one);
    await server.sessions.create({
      id: "s",
      accountId: one.id,
      refreshId: "r",
      refreshExpiresAt: 9,
      revoked: false,
    });
    const beside = await openSqliteStorage({ directory, exclusive: false });
    await beside.accounts.update(one.id, { disabled: true });
    expect(await server.accounts.byId(one.id)).toMatchObject({ disabled: true });
    expect(await server.sessions.byId("s")).toMatchObject({ revoked: true });
    const second = account();
    await beside.accounts.create(second);
    expect(await server.accounts.byClientId(second.clientId)).toEqual(second);
    await expect(enqueue(beside, one.id, enrolment)).rejects.toMatchObject({ code: "locked" });
    await expect(beside.identities.nearest(one.id, embedding(1), 1)).rejects.toMatchObject({
      code: "locked",
    });
    await beside.close();
    await server.close();
  });

  it("takes accounts before the first start, and can be read without being changed", async () => {
    await expect(
      openSqliteStorage({ directory: join(directory, "none"), readonly: true }),
    ).rejects.toMatchObject({ code: "unusable" });
    const early = await openSqliteStorage({ directory, exclusive: false });
    const accountId = await newAccount(early);
    await early.close();
    const reader = await openSqliteStorage({ directory, readonly: true });
    expect(await reader.accounts.list()).toMatchObject([{ id: accountId }]);
    await expect(reader.accounts.update(accountId, { name: "x" })).rejects.toMatchObject({
      code: "unusable",
    });
    await reader.close();
  });

  it("can be read by its owner only", async () => {
    const storage = await openSqliteStorage({ directory });
    await newAccount(storage);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(directory))
      expect((await stat(join(directory, name))).mode & 0o777, name).toBe(0o600);
    await storage.close();
  });

  it("of a newer version is refused with what to do", async () => {
    await (await openSqliteStorage({ directory })).close();
    const db = new Database(join(directory, "prosopon.db"));
    db.pragma("user_version = 999");
    db.close();
    await expect(openSqliteStorage({ directory })).rejects.toMatchObject({
      code: "unusable",
      message: expect.stringContaining("newer"),
    });
  });
});
