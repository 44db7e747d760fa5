import { spawnSync } from "node:child_process";
import { chmod, cp, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { photoPath } from "./api.ts";
import { everyCommand, createProgram } from "../src/program.ts";
import { run, startServer, temporaryDirectory } from "./command.ts";

/** A user that no list of users has, by whichever way this machine allows. */
const stranger = [
  ["unshare", "--user", "--map-user=54321"],
  ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"],
].find(([program = "", ...args]) => spawnSync(program, [...args, "true"]).status === 0);
const homeless = {
  under: stranger ?? [],
  env: { HOME: undefined, XDG_STATE_HOME: undefined, XDG_CACHE_HOME: undefined, USER: undefined },
};

async function open(): Promise<string> {
  const directory = await temporaryDirectory();
  await chmod(directory, 0o777);
  return directory;
}

describe.skipIf(stranger === undefined)(
  "a user without an entry in the list of users and without HOME (needs unshare or setpriv)",
  () => {
    it("gets the help of every command", async () => {
      const names = everyCommand(createProgram()).map((command) => {
        const name: string[] = [];
        for (let at: typeof command | null = command; at?.parent; at = at.parent) name.unshift(at.name());
        return name;
      });
      for (const name of names) {
        const { code, stderr } = await run([...name, "--help"], homeless);
        expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: "" });
      }
      expect((await run(["--version"], homeless)).code).toBe(0);
    });

    it("can do everything", async () => {
      const directory = await open();
      const data = join(directory, "data");
      const here = { ...homeless, cwd: directory };
      const folder = join(directory, "people");
      await mkdir(join(folder, "audrey"), { recursive: true });
      await cp(photoPath("audrey.jpg"), join(folder, "audrey/1.jpg"));
      const server = await startServer(data, ["--demo"], here);
      const remote = ["--url", server.url];
      const credentials = { PROSOPON_CLIENT_ID: server.clientId, PROSOPON_SECRET_ID: server.secretId };
      const all = { ...here, env: { ...here.env, ...credentials } };
      const done = async (...args: string[]) => {
        const { code, stdout, stderr } = await run(args, all);
        expect({ args, code, stderr }).toMatchObject({ args, code: 0 });
        return stdout;
      };
      await done("enrol", folder, ...remote);
      expect(await readdir(join(directory, ".prosopon-state"))).toHaveLength(1);
      expect(await done("search", photoPath("audrey.jpg"), ...remote)).toContain("audrey");
      await done("recognize", photoPath("audrey.jpg"), "--external-id", "audrey", ...remote);
      await done("jobs", "list", ...remote);
      await done("accounts", "list", "--data", data);
      await done("doctor", "--data", data);
      expect((await server.stop()).code).toBe(0);
      await done("enrol", folder, "--embedded", "--data", data);
      await done("keys", "rotate", "--data", data);
    });
  },
);

describe("a data directory", () => {
  it.each(["serve --port 0", "accounts create", "enrol people --embedded"])(
    "that cannot be is refused with the reason, at once: %s",
    async (words) => {
      const command = words.split(" ");
      const directory = await open();
      await mkdir(join(directory, "people/ada"), { recursive: true });
      await writeFile(join(directory, "file"), "");
      for (const place of [
        "/proc/nope",
        "/proc",
        "/dev/null",
        "file",
        "file/below",
        "x".repeat(300),
        "y/".repeat(300),
      ]) {
        const { code, stdout, stderr } = await run([...command, "--data", place], { cwd: directory });
        expect({ place, code, stdout }).toEqual({ place, code: 1, stdout: "" });
        expect(stderr).toMatch(/^prosopon: The data(base cannot be opened| directory .* cannot be used: )/);
        expect(stderr).not.toContain("    at ");
      }
      expect((await run([...command, "--data", ""], { cwd: directory })).code).toBe(2);
    },
  );

  it.each(["serve --port 0 --blobs", "enrol people --state"])(
    "is not the only place that may not be: %s",
    async (command) => {
      const directory = await open();
      await mkdir(join(directory, "people/ada"), { recursive: true });
      const server = await startServer(join(directory, "other"), ["--demo"]);
      const { code, stderr } = await run([...command.split(" "), "/proc/nope/below"], {
        cwd: directory,
        env: {
          PROSOPON_URL: server.url,
          PROSOPON_CLIENT_ID: server.clientId!,
          PROSOPON_SECRET_ID: server.secretId!,
        },
      });
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^prosopon: The .* cannot be kept in \/proc\/nope\/below: no directory can be created there/,
      );
      await server.stop();
    },
  );

  it("is never made by a command that only reads, or needs what is in it", async () => {
    const directory = await open();
    await mkdir(join(directory, "empty"));
    for (const data of ["missing", "empty"]) {
      for (const args of [
        ["accounts", "list"],
        ["accounts", "rotate", "x"],
        ["accounts", "disable", "x"],
        ["keys", "rotate"],
        ["search", photoPath("audrey.jpg"), "--embedded"],
        ["recognize", photoPath("audrey.jpg"), "--identity", "x", "--embedded"],
        ["jobs", "list", "--embedded"],
        ["jobs", "retry", "--all", "--embedded"],
      ]) {
        const { code, stderr } = await run([...args, "--data", data], { cwd: directory });
        expect({ args, code }).toEqual({ args, code: 1 });
        expect(stderr).toContain("There is no Prosopon data in");
      }
      const { code, stdout } = await run(["doctor", "--data", data, "--json"], { cwd: directory });
      expect({ code, healthy: JSON.parse(stdout).healthy }).toEqual({ code: 0, healthy: true });
      expect(
        (
          await run(
            ["migrate-data", "--from", data, "--to", "postgres://nobody@127.0.0.1:9/none", "--dry-run"],
            { cwd: directory },
          )
        ).code,
      ).toBe(1);
    }
    expect(await readdir(directory)).toEqual(["empty"]);
    expect(await readdir(join(directory, "empty"))).toEqual([]);
  });

  it("keeps the mode that its owner gave it", async () => {
    const directory = await open();
    await chmod(directory, 0o755);
    await (await startServer(directory)).stop();
    expect((await stat(directory)).mode & 0o777).toBe(0o755);
    for (const name of await readdir(directory))
      expect((await stat(join(directory, name))).mode & 0o077, name).toBe(0);
  });
});
