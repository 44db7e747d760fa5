import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteStorage } from "../../src/storage/sqlite/open.ts";
import { account, embedding, enqueue, enrolment, newAccount, nearestIn, settings } from "./samples.ts";

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
    await server.accounts.create(one, settings);
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
    await beside.accounts.create(second, settings);
    expect(await server.accounts.byClientId(second.clientId)).toEqual(second);
    await expect(enqueue(beside, one.id, enrolment)).rejects.toMatchObject({ code: "locked" });
    await expect(nearestIn(beside, one.id, embedding(1), 1)).rejects.toMatchObject({
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

  it.each([
    ["a new one", "new/below", 0o700],
    ["one that was there, whose mode stays as it is,", "", 0o755],
  ])("can be read by its owner only: %s", async (_, name, mode) => {
    await chmod(directory, 0o755);
    const data = join(directory, name);
    const storage = await openSqliteStorage({ directory: data });
    await newAccount(storage);
    expect((await stat(data)).mode & 0o777).toBe(mode);
    for (const file of await readdir(data))
      expect((await stat(join(data, file))).mode & 0o777, file).toBe(0o600);
    await storage.close();
  });

  it("is made only where it may be", async () => {
    const missing = join(directory, "none");
    await expect(openSqliteStorage({ directory: missing, create: false })).rejects.toMatchObject({
      code: "unusable",
      message: expect.stringContaining("There is no Prosopon data"),
    });
    await expect(stat(missing)).rejects.toThrow("ENOENT");
  });

  it.each([
    ["below what takes no directories", "/proc/nope/below", "no directory can be created there"],
    ["in a system's own place", "/proc", "ENOENT"],
    ["where a file is", "file", "not a directory"],
    ["below a file", "file/below", "not a directory"],
    ["where a link leads nowhere", "dangling", "not a directory"],
    ["at links in a circle", "circle/below", "circle"],
    ["with a name that is too long", "x".repeat(300), "too long"],
    ["with a path that is too long", `${"x".repeat(200)}/`.repeat(3), "490 bytes"],
    ["where its database is a directory", "odd", "must be a file"],
    ["with a NUL", "a\0b", "NUL"],
  ])("is refused at once %s, with the reason", async (_, name, reason) => {
    await writeFile(join(directory, "file"), "");
    await mkdir(join(directory, "odd/prosopon.db"), { recursive: true });
    await symlink(join(directory, "nowhere/at/all"), join(directory, "dangling"));
    await symlink("circle", join(directory, "circle"));
    const opening = openSqliteStorage({ directory: name.startsWith("/") ? name : `${directory}/${name}` });
    await expect(opening).rejects.toMatchObject({
      name: "StorageError",
      code: "unusable",
      message: expect.stringContaining(reason),
    });
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
