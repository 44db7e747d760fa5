import { readdir } from "node:fs/promises";
import path from "node:path";
import { type Engine, ImageError } from "@prosopon/engine";
import { describe, expect, it } from "vitest";
import { backends } from "./backends.ts";
import { atEnd, eventually, FakeClock, form, photo, realEngine, start, type Fixture } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";
const HOUR = 60 * 60_000;
const LEASE = 60_000;

/** The real engine; `fault` is thrown for each photo while it is set, and nothing is begun before `open`. */
function engine(): Engine & { fault?: Error | undefined; open: () => void } {
  const real = realEngine();
  const gate = Promise.withResolvers<void>();
  return {
    open: gate.resolve,
    warm: () => gate.promise.then(() => real.warm()),
    info: () => real.info(),
    close: async () => {},
    async analyse(image, options) {
      if (this.fault) throw this.fault;
      return real.analyse(image, options);
    },
  };
}

const enrol = async (api: Fixture): Promise<string> =>
  (await api.call("POST", IDENTITY, { body: form([["input_images", await photo("audrey.jpg")]]) })).body
    .job_id;
const jobOf = async (api: Fixture, id: string) => (await api.call("GET", `/v1/jobs/${id}`)).body;
const retry = (api: Fixture, id: string, token = api.token) =>
  api.call("POST", `/v1/jobs/${id}/retry`, { token });
const blobs = async (api: Fixture) =>
  (await readdir(path.join(api.directory, "blobs"), { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile(),
  ).length;

describe.for(backends)("a job whose tries are used up, on $name", ({ open, skipped }) => {
  if (skipped) {
    it.skip(skipped, () => {});
    return;
  }

  /** A server with one enrolment by whose photo thirty workers died, one after the other; the photo is harmless by now. */
  async function crashed(limits = {}) {
    const [clock, faulty] = [new FakeClock(), engine()];
    const api = await start({ ...(await open(atEnd)), clock, engine: faulty, limits });
    const id = await enrol(api);
    for (let worker = 0; worker < 30; worker++) {
      const now = clock.now();
      const [taken] = await api.storage.jobs.claim({ limit: 1, leaseMs: LEASE, maxAttempts: 99, now });
      expect(taken?.id).toBe(id);
      await clock.advance(LEASE);
    }
    faulty.open();
    await eventually(async () => (await jobOf(api, id)).status).toBe("Failed");
    return { api, id, clock, faulty };
  }

  it("is dead, is listed, and keeps its photo for a retry, which finishes it and erases the photo", async () => {
    const { api, id } = await crashed();
    const job = await jobOf(api, id);
    expect(job).toMatchObject({ attempts: 30, error: expect.stringContaining("30 attempts") });
    expect(Date.parse(job.dead.until) - Date.parse(job.finished_at)).toBe(24 * HOUR);
    expect((await api.call("GET", "/v1/jobs?dead=true")).body).toEqual({ jobs: [job] });
    expect(await blobs(api)).toBe(1);

    const answer = await retry(api, id);
    expect([answer.status, answer.body.kind]).toEqual([202, "enrol"]);
    const next = answer.body.job_id;
    expect((await api.done(IDENTITY, next)).status).toBe("Succeeded");
    await eventually(() => blobs(api)).toBe(0);
    expect(await jobOf(api, id)).toEqual({ ...job, dead: { ...job.dead, retried_as: next } });
    expect((await retry(api, id)).body).toEqual(answer.body);
    expect((await api.call("GET", "/v1/account")).body.identities).toBe(1);
  });

  it("is one whose internal errors were five as well, and not one that failed for its photo", async () => {
    const [clock, faulty] = [new FakeClock(), engine()];
    const api = await start({ ...(await open(atEnd)), clock, engine: faulty });
    faulty.fault = new Error("out of memory");
    faulty.open();
    const id = await enrol(api);
    await eventually(async () => (await clock.advance(13_000), (await jobOf(api, id)).status)).toBe("Failed");
    expect(await blobs(api)).toBe(1);

    faulty.fault = new ImageError("undecodable", "broken scan");
    const next = (await retry(api, id)).body.job_id;
    const ended = await api.done(IDENTITY, next);
    expect(ended).toEqual({ status: "Failed", error: "image 1: broken scan" });
    await eventually(() => blobs(api)).toBe(0);
    expect((await jobOf(api, next)).dead).toBeUndefined();
    const refused = await retry(api, next);
    expect([refused.status, refused.body.message]).toEqual([
      409,
      "this job was not abandoned: it failed: image 1: broken scan",
    ]);
  });

  it("becomes one other job, however many retry it at once", async () => {
    const { api, id } = await crashed();
    const answers = await Promise.all(Array.from({ length: 6 }, () => retry(api, id)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.job_id)).size).toBe(1);
    expect((await api.call("GET", "/v1/jobs")).body.jobs).toHaveLength(2);
    await api.done(IDENTITY, answers[0]!.body.job_id);
  });

  it("loses its photo to the sweep when it is not retried in time, and says so from then on", async () => {
    const { api, id, clock } = await crashed({ deadJobMs: HOUR / 2 });
    await clock.advance(HOUR / 4);
    expect(await blobs(api)).toBe(1);
    await eventually(async () => (await clock.advance(HOUR / 12), blobs(api))).toBe(0);
    // The token is an hour old.
    const { token } = (await api.login()).body;
    const refused = await retry(api, id, token);
    expect([refused.status, refused.body.message]).toEqual([
      409,
      "this job was abandoned too long ago: its images are no longer kept, so send them again",
    ]);
  });

  it("loses its photo at once with the identity that it was about", async () => {
    const [clock, faulty] = [new FakeClock(), engine()];
    const api = await start({ ...(await open(atEnd)), clock, engine: faulty });
    faulty.open();
    const identity = (await api.done(IDENTITY, await enrol(api))).identity_id;
    await eventually(() => blobs(api)).toBe(0);
    faulty.fault = new Error("out of memory");
    const started = await api.call("PUT", IDENTITY, {
      body: form([
        ["identity_id", identity],
        ["input_images", await photo("audrey.jpg")],
      ]),
    });
    const id = started.body.job_id;
    await eventually(async () => (await clock.advance(13_000), (await jobOf(api, id)).status)).toBe("Failed");
    expect(await blobs(api)).toBe(1);
    expect((await api.call("DELETE", `${IDENTITY}?identity_id=${identity}`)).status).toBe(204);
    expect(await blobs(api)).toBe(0);
    const refused = await retry(api, id);
    expect([refused.status, refused.body.message]).toEqual([
      409,
      `this job cannot be retried: the identity ${identity} was deleted`,
    ]);
  });

  it("counts in the quota when it is retried, once", async () => {
    const { api, id, faulty } = await crashed({ unfinishedJobs: 1 });
    const gate = Promise.withResolvers<never>();
    gate.promise.catch(() => {});
    faulty.analyse = () => gate.promise;
    const waiting = await enrol(api);
    const refused = await retry(api, id);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    gate.reject(new ImageError("undecodable", "broken scan"));
    await api.done(IDENTITY, waiting);
    const retried = await retry(api, id);
    expect(retried.status).toBe(202);
    expect(await retry(api, id)).toMatchObject({ status: 202, body: retried.body });
  });

  it("is nobody else's to retry, nor is one that does not exist or goes on", async () => {
    const { api, id } = await crashed();
    const other = await api.otherAccount();
    expect((await retry(api, id, other.token)).status).toBe(404);
    expect((await api.call("GET", "/v1/jobs?dead=true", { token: other.token })).body).toEqual({ jobs: [] });
    expect((await retry(api, "no-such-job")).status).toBe(404);
    const done = await enrol(api);
    await api.done(IDENTITY, done);
    expect((await retry(api, done)).body).toMatchObject({
      statusCode: 409,
      message: "this job was not abandoned: it is Succeeded",
    });
    expect((await api.call("GET", "/v1/jobs?dead=maybe")).status).toBe(400);
  });
});
