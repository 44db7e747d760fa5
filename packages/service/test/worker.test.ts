import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ImageError, type Analysis, type Engine } from "@prosopon/engine";
import { describe, expect, it } from "vitest";
import { BlobsAwayError, openLocalBlobs, type BlobStore } from "../src/index.ts";
import { openSqliteStorage } from "../src/storage/sqlite/open.ts";
import { StorageError } from "../src/storage/types.ts";
import {
  atEnd,
  eventually,
  FakeClock,
  form,
  photo,
  realEngine,
  settle,
  start,
  type Fixture,
} from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

/** The real engine behind a gate: each `analyse` first runs what the test says. */
function faulty(before: (call: number) => Promise<void> | void): Engine & { calls: number } {
  const real = realEngine();
  return {
    calls: 0,
    warm: () => real.warm(),
    info: () => real.info(),
    close: async () => {},
    async analyse(image, options): Promise<Analysis> {
      this.calls += 1;
      await before(this.calls);
      return real.analyse(image, options);
    },
  };
}

const enrol = async (api: Fixture): Promise<string> =>
  (await api.call("POST", IDENTITY, { body: form([["input_images", await photo("audrey.jpg")]]) })).body
    .job_id;
const jobOf = async (api: Fixture, id: string) => (await api.call("GET", `/v1/jobs/${id}`)).body;
const statusOf = async (api: Fixture, id: string) => (await jobOf(api, id)).status;
const count = async (api: Fixture) => (await api.call("GET", "/v1/account")).body.identities;

describe("the worker", () => {
  it("tries a passing fault again after 1, 2, 4 and 8 s, and applies it once", async () => {
    const clock = new FakeClock();
    const engine = faulty((call) => {
      if (call <= 4) throw new Error("out of memory");
    });
    const api = await start({ clock, engine });
    const id = await enrol(api);
    await eventually(() => engine.calls).toBe(1);
    for (const [tries, seconds] of [
      [2, 1],
      [3, 2],
      [4, 4],
      [5, 8],
    ] as const) {
      await eventually(() => statusOf(api, id)).toBe("Sent");
      const released = clock.now();
      // Well before: on a busy machine a try ends some steps of the loop below before the test sees it.
      await clock.advance(seconds * 600);
      expect(engine.calls).toBe(tries - 1);
      // At most half as long again, at random; in steps, since the worker may still be falling asleep.
      // The last of them is up to 72 steps of 60 ms.
      await eventually(async () => (await clock.advance(100), engine.calls)).toBe(tries);
      expect(clock.now() - released).toBeLessThan(seconds * 1500 + 1000);
    }
    await eventually(() => statusOf(api, id)).toBe("Succeeded");
    expect((await jobOf(api, id)).attempts).toBe(5);
    expect(await count(api)).toBe(1);
  });

  it("gives up after five tries, with an error that gives nothing away", async () => {
    const clock = new FakeClock();
    const api = await start({
      clock,
      engine: faulty(() => {
        throw new Error("secret detail");
      }),
    });
    const id = await enrol(api);
    await eventually(async () => {
      await clock.advance(13_000);
      return statusOf(api, id);
    }).toBe("Failed");
    const job = await jobOf(api, id);
    expect(job.attempts).toBe(5);
    expect(job.error).toContain(id);
    expect(job.error).not.toContain("secret detail");
    expect(api.log.join("")).toContain("secret detail");
  });

  it("does not count an outage of the database against a job, however many tries it takes", async () => {
    const clock = new FakeClock();
    const directory = await mkdtemp(path.join(tmpdir(), "prosopon-outage-"));
    atEnd(() => rm(directory, { recursive: true }));
    const storage = await openSqliteStorage({ directory });
    atEnd(() => storage.close());
    let outages = 7;
    const away = {
      ...storage,
      identities: {
        ...storage.identities,
        nearest: (...args: Parameters<typeof storage.identities.nearest>) => {
          if (outages-- > 0) throw new StorageError("unusable", "The database does not answer.");
          return storage.identities.nearest(...args);
        },
      },
    };
    const api = await start({ clock, storage: away });
    const id = (
      await api.call("POST", `${IDENTITY}/search`, {
        body: form([["input_image", await photo("audrey.jpg")]]),
      })
    ).body.job_id;
    await eventually(async () => (await clock.advance(5_000), statusOf(api, id))).toBe("Succeeded");
    expect((await jobOf(api, id)).attempts).toBe(8);
  });

  it("does not count an outage of the object storage against a job either, but does bound it", async () => {
    const clock = new FakeClock();
    const directory = await mkdtemp(path.join(tmpdir(), "prosopon-outage-"));
    atEnd(() => rm(directory, { recursive: true }));
    const there = await openLocalBlobs(directory);
    let outages = 7;
    const blobs: BlobStore = {
      ...there,
      open: async (blobId) => {
        if (outages-- > 0) throw new BlobsAwayError("The object storage does not answer.");
        return there.open(blobId);
      },
    };
    const api = await start({ clock, blobs });
    const id = await enrol(api);
    const ended = (job: string, status: string) =>
      eventually(async () => (await clock.advance(30_000), statusOf(api, job))).toBe(status);
    await ended(id, "Succeeded");
    expect((await jobOf(api, id)).attempts).toBe(8);
    outages = Infinity;
    const never = await enrol(api);
    await ended(never, "Failed");
    expect(await jobOf(api, never)).toMatchObject({ attempts: 10, dead: { until: expect.any(String) } });
    // The tries say nothing; what the job is given up for is there to be found.
    expect(api.log.filter((line) => line.includes("a try of a job failed"))).toEqual([
      expect.stringContaining(never),
    ]);
  });

  for (const [what, fault] of [
    ["a bad image", () => new ImageError("undecodable", "broken scan")],
    ["one that cannot be read", undefined],
  ] as const)
    it(`takes an image whose volume goes away under the engine for an outage, and not for ${what}`, async () => {
      const directory = await mkdtemp(path.join(tmpdir(), "prosopon-outage-"));
      atEnd(() => rm(directory, { recursive: true, force: true }));
      const mount = path.join(directory, "mount");
      const engine = faulty(async (call) => {
        if (call > 1) return;
        await rename(mount, `${mount}-away`);
        await mkdir(mount);
        if (fault) throw fault();
      });
      const api = await start({ engine, blobs: await openLocalBlobs(mount) });
      const id = await enrol(api);
      await eventually(() => engine.calls).toBe(1);
      await eventually(() => statusOf(api, id)).toBe("Sent");
      await rm(mount, { recursive: true });
      await rename(`${mount}-away`, mount);
      expect(await api.done(IDENTITY, id)).toMatchObject({ status: "Succeeded" });
      expect(api.log.join("")).not.toContain("a try of a job failed");
    });

  it("fails at once where trying again would end the same", async () => {
    const engine = faulty(() => {
      throw new ImageError("undecodable", "broken scan");
    });
    const api = await start({ engine });
    const id = await enrol(api);
    expect(await api.done(IDENTITY, id)).toEqual({ status: "Failed", error: "image 1: broken scan" });
    expect(engine.calls).toBe(1);
  });

  it("loses a job whose lease has passed on, and its result with it", async () => {
    const clock = new FakeClock();
    const gate = Promise.withResolvers<void>();
    const engine = faulty((call) => (call === 1 ? gate.promise : undefined));
    const api = await start({ clock, engine });
    const id = await enrol(api);
    await eventually(() => engine.calls).toBe(1);
    // Another worker claims after the lease has run out, as if this one had slept through its renewals.
    const [stolen] = await api.storage.jobs.claim({
      limit: 1,
      leaseMs: 60_000,
      maxAttempts: 5,
      now: clock.now() + 61_000,
    });
    expect(stolen?.id).toBe(id);
    gate.resolve();
    await eventually(() => api.service.worker.running).toBe(0);
    expect(await statusOf(api, id)).toBe("Started");
    expect(await count(api)).toBe(0);
    await api.storage.jobs.release(
      { jobId: id, leaseId: stolen!.leaseId },
      { at: clock.now(), countAttempt: false },
    );
    await eventually(() => statusOf(api, id)).toBe("Succeeded");
    expect(await count(api)).toBe(1);
  });

  it("keeps hold of a job that it claims again after its own lease on it ran out", async () => {
    const clock = new FakeClock();
    const directory = await mkdtemp(path.join(tmpdir(), "prosopon-again-"));
    atEnd(() => rm(directory, { recursive: true }));
    const storage = await openSqliteStorage({ directory });
    atEnd(() => storage.close());
    let deaf = true;
    const renewing: typeof storage.jobs.renew = async (...args) => {
      if (deaf) throw new StorageError("unusable", "The database does not answer.");
      return storage.jobs.renew(...args);
    };
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const engine = faulty((call) => gates[call - 1]?.promise);
    const api = await start({
      clock,
      engine,
      storage: { ...storage, jobs: { ...storage.jobs, renew: renewing } },
    });
    const id = await enrol(api);
    await eventually(() => engine.calls).toBe(1);
    await eventually(async () => (await clock.advance(5_000), engine.calls)).toBe(2);
    deaf = false;
    gates[0]!.resolve(); // the first try ends, to no effect
    await settle();
    await eventually(() => api.service.worker.running).toBe(1);
    // The second is renewed like any other.
    for (let i = 0; i < 15; i++) await clock.advance(20_000);
    expect([engine.calls, (await jobOf(api, id)).attempts]).toEqual([2, 2]);
    gates[1]!.resolve();
    await eventually(() => statusOf(api, id)).toBe("Succeeded");
    await eventually(() => api.service.worker.running).toBe(0);
    expect(await count(api)).toBe(1);
  });

  it("keeps the lease of a long job by renewing it", async () => {
    const clock = new FakeClock();
    const gate = Promise.withResolvers<void>();
    const engine = faulty((call) => (call === 1 ? gate.promise : undefined));
    const api = await start({ clock, engine });
    const id = await enrol(api);
    await eventually(() => engine.calls).toBe(1);
    for (let i = 0; i < 15; i++) await clock.advance(20_000);
    expect(
      await api.storage.jobs.claim({ limit: 1, leaseMs: 60_000, maxAttempts: 5, now: clock.now() }),
    ).toEqual([]);
    gate.resolve();
    await eventually(() => statusOf(api, id)).toBe("Succeeded");
    expect((await jobOf(api, id)).attempts).toBe(1);
  });

  it("stops: what is in hand finishes", async () => {
    const gate = Promise.withResolvers<void>();
    const engine = faulty((call) => (call === 1 ? gate.promise : undefined));
    const api = await start({ engine });
    const id = await enrol(api);
    await eventually(() => engine.calls).toBe(1);
    const stopping = api.service.worker.stop();
    const later = await enrol(api);
    gate.resolve();
    await stopping;
    expect(await statusOf(api, id)).toBe("Succeeded");
    expect(await statusOf(api, later)).toBe("Sent");
  });

  it("stops: what takes longer than the grace is handed back without counting the try", async () => {
    const gate = Promise.withResolvers<void>();
    const engine = faulty((call) => (call === 1 ? gate.promise : undefined));
    const api = await start({ engine });
    const id = await enrol(api);
    await eventually(() => engine.calls).toBe(1);
    await api.service.worker.stop({ graceMs: 50 });
    const job = await jobOf(api, id);
    expect([job.status, job.attempts]).toEqual(["Sent", 0]);
    api.service.worker.start();
    expect((await api.done(IDENTITY, id)).status).toBe("Succeeded");
    gate.resolve();
    await settle();
    expect(await count(api)).toBe(1);
  });

  it("waits with all jobs until the engine has proved itself", async () => {
    const gate = Promise.withResolvers<void>();
    const engine = faulty(() => {});
    const api = await start({
      engine: {
        ...engine,
        warm: () => gate.promise.then(() => engine.warm()),
        analyse: engine.analyse.bind(engine),
      },
    });
    const id = await enrol(api);
    await settle();
    expect(await statusOf(api, id)).toBe("Sent");
    gate.resolve();
    expect((await api.done(IDENTITY, id)).status).toBe("Succeeded");
  });

  it("finishes what an earlier process acknowledged", async () => {
    const first = await start({ engine: { ...faulty(() => {}), warm: () => new Promise(() => {}) } });
    const id = await enrol(first);
    const blobs = await openLocalBlobs(path.join(first.directory, "blobs"));
    const second = await start({ storage: first.storage, blobs });
    await second.service.ready();
    expect((await first.done(IDENTITY, id)).status).toBe("Succeeded");
  });

  it("answers 429 once too many jobs of an account wait, and takes more when they have ended", async () => {
    const gate = Promise.withResolvers<void>();
    const api = await start({ limits: { unfinishedJobs: 2 }, engine: faulty(() => gate.promise) });
    const jobs = [await enrol(api), await enrol(api)];
    const refused = await api.call("POST", IDENTITY, {
      body: form([["input_images", await photo("audrey.jpg")]]),
    });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    const other = await api.otherAccount();
    expect(
      (
        await api.call("POST", IDENTITY, {
          token: other.token,
          body: form([["input_images", await photo("audrey.jpg")]]),
        })
      ).status,
    ).toBe(200);
    gate.resolve();
    for (const id of jobs) await api.done(IDENTITY, id);
    expect(
      (await api.call("POST", IDENTITY, { body: form([["input_images", await photo("audrey.jpg")]]) }))
        .status,
    ).toBe(200);
  });
});

describe("photos of one account that don't end", () => {
  /** An engine for which some photos go on for ever. */
  function hanging(hangs: (bytes: Buffer) => boolean) {
    const state = { hanging: 0 };
    const engine: Engine = {
      ...faulty(() => {}),
      info: () => ({ ...realEngine().info(), threads: 2 }),
      async analyse(image, options) {
        if (hangs(await readFile((image as { path: string }).path))) {
          state.hanging += 1;
          const { promise, reject } = Promise.withResolvers<never>();
          options?.signal?.addEventListener("abort", () => reject(options.signal!.reason));
          await promise;
        }
        return realEngine().analyse(image, options);
      },
    };
    return { state, engine };
  }

  it.each(["search", "enrolment"])(
    "keep no other account's %s waiting, however many of them queue",
    async (kind) => {
      const bad = await photo("SeanConnery.jpg");
      const { state, engine } = hanging((bytes) => bytes.equals(bad));
      const api = await start({ engine });
      const send = (image: Buffer, token: string) =>
        api.call("POST", kind === "search" ? `${IDENTITY}/search` : IDENTITY, {
          token,
          body: form([[kind === "search" ? "input_image" : "input_images", image]]),
        });
      const [other, third] = [await api.otherAccount(), await api.otherAccount()];
      for (let i = 0; i < 30; i++) await send(bad, api.token);
      await eventually(() => state.hanging).toBe(4);
      // One after the other, and at once; from two accounts, of which one begins to send bad ones too.
      const good = await photo("audrey.jpg");
      const route = kind === "search" ? `${IDENTITY}/search` : IDENTITY;
      const answered = async (token: string) =>
        (await api.done(route, (await send(good, token)).body.job_id, token)).status;
      for (let i = 0; i < 6; i++) expect(await answered(other.token)).toBe("Succeeded");
      for (let i = 0; i < 10; i++) await send(bad, third.token);
      const both = Array.from({ length: 6 }, () => answered(other.token));
      expect(await Promise.all(both)).toEqual(Array(6).fill("Succeeded"));
      await eventually(() => state.hanging).toBeGreaterThan(4);
      expect(await answered(other.token)).toBe("Succeeded");
      await api.service.worker.stop({ graceMs: 0 });
    },
  );
});

describe("what the worker has in hand", () => {
  /** One thread, whose photos end when the test says so. */
  function stepped() {
    const photos: { priority: number; end: () => void }[] = [];
    const engine: Engine = {
      ...faulty(() => {}),
      async analyse(image, options) {
        const { promise, resolve } = Promise.withResolvers<void>();
        photos.push({ priority: options!.priority!, end: resolve });
        await promise;
        return realEngine().analyse(image, options);
      },
    };
    return { photos, engine };
  }
  const search = async (api: Fixture, token?: string): Promise<string> =>
    (
      await api.call("POST", `${IDENTITY}/search`, {
        ...(token !== undefined && { token }),
        body: form([["input_image", await photo("SeanConnery.jpg")]]),
      })
    ).body.job_id;

  it("leaves a place for a search while imports fill it, and its photo goes before theirs", async () => {
    const { photos, engine } = stepped();
    const api = await start({ engine });
    const five = await Promise.all(
      Array.from({ length: 5 }, async () => ["input_images", await photo("audrey.jpg")] as const),
    );
    const imports: string[] = [];
    for (let i = 0; i < 4; i++)
      imports.push(
        (await api.call("POST", IDENTITY, { body: form(five.map(([name, bytes]) => [name, bytes])) })).body
          .job_id,
      );
    await eventually(() => photos.length).toBe(5);
    await settle();
    expect(await Promise.all(imports.map((id) => statusOf(api, id)))).toEqual([
      "Started",
      "Sent",
      "Sent",
      "Sent",
    ]);
    const id = await search(api);
    await eventually(() => photos.length).toBe(6);
    expect(await statusOf(api, id)).toBe("Started");
    for (const { priority } of photos.slice(0, 5)) expect(photos[5]!.priority).toBeLessThan(priority);
    for (let i = 0; i < 21; i++) {
      await eventually(() => photos.length).toBeGreaterThan(i);
      photos[i]!.end();
    }
    for (const job of imports) await eventually(() => statusOf(api, job)).toBe("Succeeded");
  });

  it("is two searches a thread, and one that goes before them as soon as it comes", async () => {
    const { photos, engine } = stepped();
    const api = await start({ engine });
    const quiet = await api.otherAccount();
    const loud: string[] = [];
    for (let i = 0; i < 6; i++) loud.push(await search(api));
    const started = async () =>
      (await Promise.all(loud.map((id) => statusOf(api, id)))).filter((status) => status === "Started")
        .length;
    for (let i = 0; i < 2; i++) {
      await eventually(() => photos.length).toBe(i + 2);
      photos[i]!.end();
    }
    await eventually(() => photos.length).toBe(4);
    await settle();
    expect(await started()).toBe(2);
    const id = await search(api, quiet.token);
    await eventually(() => photos.length).toBe(5);
    for (const { priority } of photos.slice(2, 4)) expect(photos[4]!.priority).toBeLessThan(priority);
    expect(await started()).toBe(2);
    for (let i = 2; i < 7; i++) {
      await eventually(() => photos.length).toBeGreaterThan(i);
      photos[i]!.end();
    }
    for (const job of loud) await eventually(() => statusOf(api, job)).toBe("Succeeded");
    expect((await api.done(`${IDENTITY}/search`, id, quiet.token)).status).toBe("Succeeded");
  });
});

describe("an account's settings", () => {
  it("refuse photos of different people where the policy says so", async () => {
    const api = await start();
    await api.service.accounts.settings(api.clientId, { guardMixed: "reject", guardWrongPerson: "reject" });
    const answer = await api.run("POST", IDENTITY, [
      ["input_images", await photo("audrey.jpg")],
      ["input_images", await photo("SeanConnery.jpg")],
    ]);
    expect(answer).toEqual({
      status: "Failed",
      error: "the images may show different people: 1, then 2; enrol each person apart",
    });
    const { identity_id } = await api.run("POST", IDENTITY, [["input_images", await photo("audrey.jpg")]]);
    const added = await api.run("PUT", IDENTITY, [
      ["identity_id", identity_id],
      ["input_images", await photo("SeanConnery.jpg")],
    ]);
    expect(added.error).toContain("another person");
  });

  it("keep crops only where they say so", async () => {
    const api = await start();
    const enrolOne = async () => {
      const { identity_id } = await api.run("POST", IDENTITY, [["input_images", await photo("audrey.jpg")]]);
      return (await api.call("GET", `/v1/identities/${identity_id}`)).body.faces[0];
    };
    const without = await enrolOne();
    expect(without.has_crop).toBe(false);
    expect((await api.call("GET", `/v1/faces/${without.face_id}/crop`)).status).toBe(404);
    await api.service.accounts.settings(api.clientId, { keepCrops: true });
    const kept = await enrolOne();
    expect(kept.has_crop).toBe(true);
    const crop = await fetch(`${api.base}/v1/faces/${kept.face_id}/crop`, {
      headers: { authorization: `Bearer ${api.token}` },
    });
    expect([crop.headers.get("content-type"), crop.headers.get("cache-control")]).toEqual([
      "image/jpeg",
      "no-store",
    ]);
    const { default: sharp } = await import("sharp");
    expect(await sharp(await crop.arrayBuffer()).metadata()).toMatchObject({
      format: "jpeg",
      width: 160,
      height: 160,
    });
  });
});
