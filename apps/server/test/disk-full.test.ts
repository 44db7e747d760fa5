import { mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { form, FRANCK, login, photo, type Api } from "./api.ts";
import { begin, startServer } from "./command.ts";
import { mountSmallDisk } from "./small-disk.ts";

const IDENTITY = "/innovation-service/identity";
const account = { clientId: "disk-full", secretId: "the secret of the test of full disks" };
const env = { PROSOPON_CLIENT_ID: account.clientId, PROSOPON_SECRET_ID: account.secretId };
const small = await mountSmallDisk(64 * 2 ** 20);
const skipped = typeof small === "string" ? small : undefined;
if (skipped) console.warn(`The disk-full tests are skipped: ${skipped}.`);
const disk = small as Exclude<typeof small, string>;

async function readiness(url: string): Promise<{ status: number; message: string }> {
  const answer = await fetch(`${url}/readyz`);
  return { status: answer.status, message: ((await answer.json()) as { message: string }).message };
}

const eventually: typeof expect.poll = (actual) => expect.poll(actual, { interval: 200 });

async function enrol(api: Api, name: string): Promise<{ status: number; body: { job_id: string } }> {
  return api.call("POST", IDENTITY, form({ field: "input_images", blobs: [await photo(name)] }));
}

describe.skipIf(skipped)("a disk that is full to the last byte", () => {
  const data = skipped ? "" : join(disk.directory, "data");

  it("refuses new data alone; people are erased and logged out, restarts come up, and with room all heals", async () => {
    let server = await startServer(data, [], { env });
    let api = await login(server.url, account);
    const ids: string[] = [];
    for (const name of FRANCK) {
      const { body } = await enrol(api, name);
      ids.push((await api.end(IDENTITY, body.job_id)).identity_id);
    }
    await eventually(async () => (await readdir(data)).includes("reserve")).toBe(true);
    // Acknowledged, and most of them waiting when the disk fills up.
    const waiting: string[] = [];
    for (let i = 0; i < 12; i++) waiting.push((await enrol(api, FRANCK[0]!)).body.job_id);
    await disk.fill();

    const refused = await enrol(api, FRANCK[0]!);
    expect(refused).toMatchObject({
      status: 503,
      body: { statusCode: 503, error: "Service Unavailable", message: expect.stringContaining("free") },
    });
    expect(await readiness(server.url)).toMatchObject({
      status: 503,
      message: expect.stringContaining("must stay free"),
    });

    // Erasing, logging in and out, refreshing and reading go on, in the room of the reserve.
    expect((await api.call("DELETE", `${IDENTITY}?identity_id=${ids[0]}`)).status).toBe(204);
    expect((await api.call("GET", `/v1/identities/${ids[0]}`)).status).toBe(404);
    expect((await api.call("GET", `/v1/identities/${ids[1]}`)).status).toBe(200);
    const other = await login(server.url, account);
    expect((await other.call("POST", "/logout")).status).toBe(204);
    expect((await other.call("GET", "/v1/account")).status).toBe(401);

    // Killed and started on the full disk: with what room the log of the database left.
    server.kill("SIGKILL");
    await server.ended;
    server = await startServer(data, [], { env });
    api = await login(server.url, account);
    expect((await api.call("GET", `/v1/identities/${ids[1]}`)).status).toBe(200);
    expect((await api.call("DELETE", `${IDENTITY}?identity_id=${ids[1]}`)).status).toBe(204);
    expect((await enrol(api, FRANCK[0]!)).status).toBe(503);

    await disk.empty();
    await eventually(async () => (await readiness(server.url)).status).toBe(200);
    for (const jobId of waiting)
      expect(await api.end(IDENTITY, jobId)).toMatchObject({ status: "Succeeded" });
    const again = await enrol(api, FRANCK[1]!);
    expect(again.status).toBe(200);
    expect(await api.end(IDENTITY, again.body.job_id)).toMatchObject({ status: "Succeeded" });
    expect((await api.call("GET", "/v1/account")).body.identities).toBe(2 + waiting.length + 1);
    await eventually(async () => (await readdir(data)).includes("reserve")).toBe(true);
    expect((await server.stop()).code).toBe(0);
  });

  it("ends no process at its start: it waits, says so, and serves once there is room", async () => {
    const fresh = join(disk.directory, "fresh");
    await mkdir(fresh);
    await disk.fill();
    const { child, outcome, ended } = begin(
      ["serve", "--json", "--port", "0", "--data", fresh, "--threads", "1", "--log-level", "info"],
      { env },
    );
    await eventually(() => outcome.stderr).toContain("the server waits");
    const url = /"url":"(http:[^"]+)"/.exec(outcome.stderr)![1]!;
    expect(await readiness(url)).toMatchObject({ status: 503, message: expect.stringContaining("full") });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await sleep(3_000);
    expect(child.exitCode).toBeNull();
    await disk.empty();
    await eventually(() => outcome.stdout).toContain("\n");
    const told = JSON.parse(outcome.stdout) as { url: string };
    const api = await login(told.url, account);
    expect((await enrol(api, FRANCK[0]!)).status).toBe(200);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });

  it("is survived by a server whose log is on it, also while others take what the reserve gives", async () => {
    await rm(join(disk.directory, "fresh"), { recursive: true, force: true });
    const log = await open(join(disk.directory, "log"), "a");
    const server = await startServer(data, ["--log-level", "trace"], { env, stderr: log.fd });
    const api = await login(server.url, account);
    await disk.fill();
    for (let round = 0; round < 3; round++) {
      expect(await erase(api)).toBeOneOf([204, 503]);
      await disk.fill();
      await sleep(500);
    }
    expect((await api.call("GET", "/v1/identities")).status).toBe(200);
    await disk.empty();
    await eventually(async () => (await readiness(server.url)).status).toBe(200);
    expect(await erase(api)).toBe(204);
    expect((await server.stop()).code).toBe(0);
    await log.close();
  });
});

async function erase(api: Api): Promise<number> {
  const { body } = await api.call("GET", "/v1/identities");
  return (await api.call("DELETE", `${IDENTITY}?identity_id=${body.identities[0].identity_id}`)).status;
}
