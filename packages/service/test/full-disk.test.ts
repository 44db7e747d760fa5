import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { openLocalBlobs, StorageError, type Storage } from "../src/index.ts";
import { openSqliteStorage } from "../src/sqlite.ts";
import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { atEnd, eventually, FakeClock, form, keys, photo, PROBLEM_KEYS, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

async function directory(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), "prosopon-full-"));
  atEnd(() => rm(made, { recursive: true }));
  return made;
}

describe("below the floor of free space", () => {
  it("what adds data is refused with 503 before it is read, /readyz says why, and all else goes on", async () => {
    const { bavail, bsize } = await statfs(tmpdir());
    const places = [{ name: "the data directory", directory: tmpdir() }];
    const space = { places, minFreeBytes: 0 };
    const api = await start({ space });
    const image = await photo("audrey.jpg");
    const identity = await api.run("POST", IDENTITY, [["input_images", image]]);
    await eventually(async () => (await api.call("GET", "/readyz")).status).toBe(200);

    const full = await start({
      storage: api.storage,
      space: { ...space, minFreeBytes: 2 * bavail * bsize },
    });
    full.token = api.token;
    await full.service.ready();
    for (const [method, route, field] of [
      ["POST", IDENTITY, "input_images"],
      ["PUT", IDENTITY, "input_images"],
      ["POST", `${IDENTITY}/search`, "input_image"],
      ["POST", `${IDENTITY}/recognize`, "input_image"],
      ["POST", "/v1/identities", "input_images"],
      ["POST", "/v1/uploads", "input_image"],
    ] as const) {
      const refused = await full.call(method, route, { body: form([[field, image]]) });
      expect([route, refused.status]).toEqual([route, 503]);
      expect(keys(refused.body)).toEqual(PROBLEM_KEYS);
      expect(refused.body.message).toContain("must stay free");
      expect(refused.body.message).not.toContain(tmpdir());
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    const ready = await full.call("GET", "/readyz", { token: null });
    expect(ready.status).toBe(503);
    expect(ready.body.message).toContain("the disk of the data directory has");
    expect((await full.call("GET", "/healthz", { token: null })).status).toBe(200);
    expect(full.log.join("")).toContain("the disk is too full");

    const one = `/v1/identities/${identity.identity_id}`;
    expect((await full.call("PATCH", one, { json: { metadata: { more: 1 } } })).status).toBe(503);
    expect((await full.call("PATCH", one, { json: { metadata: { more: null } } })).status).toBe(200);
    expect((await full.call("GET", one)).status).toBe(200);
    const { body: session } = await full.login(api.clientId, api.secretId);
    const { refreshToken } = session;
    const refreshed = await full.call("POST", "/token", { token: session.token, json: { refreshToken } });
    expect(refreshed.status).toBe(200);
    expect((await full.call("POST", "/logout", { token: refreshed.body.token })).status).toBe(204);
    const query = `?identity_id=${identity.identity_id}`;
    expect((await full.call("DELETE", `${IDENTITY}${query}`)).status).toBe(204);
  });

  it("an image is refused before it comes that would leave less than the floor", async () => {
    const { bavail, bsize } = await statfs(tmpdir());
    const places = [{ name: "the data directory", directory: tmpdir() }];
    const api = await start({ space: { places, minFreeBytes: bavail * bsize - 1_000_000_000 } });
    const refused = await api.raw([
      `POST /v1/uploads HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${api.token}\r\n`,
      `content-type: image/jpeg\r\ncontent-length: 1900000000\r\n\r\n`,
    ]);
    expect(refused.status).toBe(503);
  });
});

describe("a disk that fills up under a job", () => {
  const full = () => new StorageError("full", "The disk is full.");

  it("lets its end wait, under its lease and as the same try, until there is room", async () => {
    const clock = new FakeClock();
    const storage = await openSqliteStorage({ directory: await directory() });
    atEnd(() => storage.close());
    let room = false;
    let tries = 0;
    const jobs: Storage["jobs"] = {
      ...storage.jobs,
      finish: (...call) => (tries++, room ? storage.jobs.finish(...call) : Promise.reject(full())),
      renew: (...call) => (room ? storage.jobs.renew(...call) : Promise.reject(full())),
      claim: (...call) => (room || tries === 0 ? storage.jobs.claim(...call) : Promise.reject(full())),
    };
    const api = await start({ clock, storage: { ...storage, jobs } });
    const { body } = await api.call("POST", IDENTITY, {
      body: form([["input_images", await photo("audrey.jpg")]]),
    });
    await eventually(() => tries).toBe(1);
    // Far longer than its lease, and than ten tries would take.
    for (let minutes = 0; minutes < 30; minutes++) await clock.advance(60_000);
    expect(tries).toBeGreaterThan(100);
    room = true;
    await eventually(async () => {
      await clock.advance(5_000);
      return (await api.call("GET", `/v1/jobs/${body.job_id}`)).body.status;
    }).toBe("Succeeded");
    const { body: job } = await api.call("GET", `/v1/jobs/${body.job_id}`);
    expect(job.attempts).toBe(1);
    expect((await api.call("GET", "/v1/account")).body.identities).toBe(1);
    expect(api.log.filter((line) => line.includes("wait to be written"))).toHaveLength(1);
  });

  it("counts no try that found no room for a copy of the image", async () => {
    const clock = new FakeClock();
    const local = await openLocalBlobs(path.join(await directory(), "blobs"));
    let tries = 0;
    const blobs: typeof local = {
      ...local,
      open: async (blobId) => {
        if (++tries <= 30) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        return local.open(blobId);
      },
    };
    const api = await start({ clock, blobs });
    const { body } = await api.call("POST", IDENTITY, {
      body: form([["input_images", await photo("audrey.jpg")]]),
    });
    await eventually(async () => {
      await clock.advance(5_000);
      return (await api.call("GET", `/v1/jobs/${body.job_id}`)).body.status;
    }).toBe("Succeeded");
    expect(tries).toBe(31);
    expect((await api.call("GET", `/v1/jobs/${body.job_id}`)).body.attempts).toBe(1);
  });
});
