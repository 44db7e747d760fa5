import { describe, expect, it } from "vitest";
import { login } from "./api.ts";
import { run, startServer, temporaryDirectory } from "./command.ts";

describe("accounts", () => {
  it("makes, rotates, disables and enables accounts beside a running server", async () => {
    const data = await temporaryDirectory();
    const server = await startServer(data);
    const json = async (...args: string[]) => {
      const { code, stdout, stderr } = await run(["accounts", ...args, "--data", data, "--json"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return JSON.parse(stdout);
    };

    const made = await json("create", "Front desk");
    const session = await login(server.url, made);
    expect((await json("list")).accounts.map(({ name }: { name: string }) => name)).toEqual([
      "First",
      "Front desk",
    ]);

    const rotated = await json("rotate", made.clientId);
    expect(rotated.secretId).not.toBe(made.secretId);
    expect((await session.call("GET", "/v1/identities")).status).toBe(401);
    await expect(login(server.url, made)).rejects.toThrow("401");
    const second = await login(server.url, rotated);

    await json("disable", made.clientId);
    expect((await second.call("GET", "/v1/identities")).status).toBe(401);
    await expect(login(server.url, rotated)).rejects.toThrow(/40[13]/);
    await json("enable", made.clientId);
    await login(server.url, rotated);

    const changed = await json("settings", made.clientId, "--keep-crops", "on", "--guard-mixed", "reject");
    expect(changed.accounts[0]).toMatchObject({ keepCrops: true, guardMixed: "reject" });
    await server.stop();
  });

  it("shows a table to a person, and never a secret again", async () => {
    const data = await temporaryDirectory();
    const created = await run(["accounts", "create", "Till", "--data", data]);
    const secret = /secret id {2}(\S+)/.exec(created.stdout)![1]!;
    const { stdout } = await run(["accounts", "list", "--data", data]);
    expect(stdout).toMatch(/client id +name +state/);
    expect(stdout).toMatch(/Till +enabled +not kept/);
    expect(stdout).not.toContain(secret);
  });

  it("says which account it does not know", async () => {
    const data = await temporaryDirectory();
    await run(["accounts", "create", "--data", data]);
    const { code, stderr } = await run(["accounts", "disable", "nobody", "--data", data]);
    expect(code).toBe(1);
    expect(stderr).toContain("no account has the client id nobody");
  });
});
