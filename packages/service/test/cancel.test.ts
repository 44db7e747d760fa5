import { readdir } from "node:fs/promises";
import path from "node:path";
import type { Analysis, Engine } from "@prosopon/engine";
import { describe, expect, it } from "vitest";
import { createService, openLocalBlobs } from "../src/index.ts";
import { backends } from "./backends.ts";
import {
  atEnd,
  eventually,
  FakeClock,
  form,
  photo,
  PROBLEM_KEYS,
  realEngine,
  start,
  type Fixture,
} from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";
const IMAGE = /^[\w-]{32}(\.part)?$/;

describe.each(backends)("with $name", async ({ skipped, open }) => {
  if (skipped) {
    it.skip(skipped, () => {});
    return;
  }
  const audrey = await photo("audrey.jpg");
  const enrol = async (api: Fixture, image: string | Buffer = audrey): Promise<string> =>
    (await api.call("POST", IDENTITY, { body: form([["input_images", image]]) })).body.job_id;
  const cancel = (api: Fixture, id: string) => api.call("DELETE", `/v1/jobs/${id}`);
  const images = async (api: Fixture) =>
    (await readdir(path.join(api.directory, "blobs"))).filter((name) => IMAGE.test(name));
  const idle = (): Engine => ({ ...realEngine(), warm: () => new Promise(() => {}) });
  /** Works on its first image until it is told to stop. */
  function endless() {
    const real = realEngine();
    const state = { begun: 0, stopped: 0 };
    const engine: Engine = {
      ...real,
      analyse(image, options): Promise<Analysis> {
        if (++state.begun > 1) return real.analyse(image, options);
        return new Promise((_, reject) => {
          options?.signal?.addEventListener("abort", () => {
            state.stopped += 1;
            reject(options.signal!.reason);
          });
        });
      },
    };
    return { state, engine };
  }

  describe("DELETE /v1/jobs/{id}", () => {
    it("ends a job that waits, for whoever waits for it too, and erases its images", async () => {
      const api = await start({ ...(await open(atEnd)), engine: idle() });
      const id = await enrol(api);
      expect(await images(api)).toHaveLength(1);
      const held = api.done(IDENTITY, id);
      const answer = await cancel(api, id);
      expect([answer.status, answer.body]).toMatchObject([
        200,
        { job_id: id, status: "Failed", error: expect.stringMatching(/^cancelled/), attempts: 0 },
      ]);
      expect(await held).toEqual({ status: "Failed", error: answer.body.error });
      expect(await images(api)).toEqual([]);
      expect(await cancel(api, id)).toMatchObject({ status: 200, body: answer.body });
      expect((await api.call("GET", `/v1/jobs/${id}`)).body).toEqual(answer.body);
      const unknown = await cancel(api, "no-such");
      expect([unknown.status, Object.keys(unknown.body)]).toEqual([404, PROBLEM_KEYS]);
    });

    it("stops a job in work at once, writes nothing of it, and leaves one that has ended as it is", async () => {
      const { state, engine } = endless();
      const api = await start({ ...(await open(atEnd)), engine });
      const id = await enrol(api);
      await eventually(() => state.begun).toBe(1);
      expect((await cancel(api, id)).body.status).toBe("Failed");
      await eventually(() => [state.stopped, api.service.worker.running]).toEqual([1, 0]);
      expect(await images(api)).toEqual([]);
      const next = await enrol(api);
      expect((await api.done(IDENTITY, next)).status).toBe("Succeeded");
      expect((await api.call("GET", "/v1/account")).body.identities).toBe(1);
      const late = await cancel(api, next);
      expect([late.status, late.body.message]).toEqual([409, expect.stringContaining("Succeeded")]);
      expect((await api.call("GET", `/v1/jobs/${id}`)).body.error).toMatch(/^cancelled/);
    });

    it("stops it on another node too, which hears nothing of events, when that renews its leases", async () => {
      const { state, engine } = endless();
      const clock = new FakeClock();
      const api = await start({ ...(await open(atEnd)), engine: idle(), clock });
      const blobs = await openLocalBlobs(path.join(api.directory, "blobs"));
      const worker = createService({ storage: api.storage, blobs, engine, clock, role: "worker" });
      atEnd(() => worker.close());
      const id = await enrol(api);
      await eventually(() => state.begun).toBe(1);
      await cancel(api, id);
      await eventually(async () => (await clock.advance(1_000), state.stopped)).toBe(1);
      await eventually(() => worker.worker.running).toBe(0);
      const { id: accountId } = (await api.storage.accounts.byClientId(api.clientId))!;
      expect(await api.storage.jobs.get(accountId, id)).toMatchObject({ status: "Failed", attempts: 1 });
      expect(await api.storage.identities.count(accountId)).toEqual({ identities: 0, faces: 0 });
    });
  });

  describe("DELETE /v1/uploads/{id}", () => {
    it("erases an upload at once, but not while a job needs it", async () => {
      const api = await start({ ...(await open(atEnd)), engine: idle() });
      const upload = async () =>
        (await api.call("POST", "/v1/uploads", { body: form([["input_image", audrey]]) })).body.upload_id;
      const remove = (id: string) => api.call("DELETE", `/v1/uploads/${id}`);
      const [unused, used] = [await upload(), await upload()];
      expect((await remove(unused)).status).toBe(204);
      expect(await images(api)).toHaveLength(1);
      expect((await remove(unused)).status).toBe(404);
      const job = await enrol(api, used);
      const needed = await remove(used);
      expect([needed.status, Object.keys(needed.body)]).toEqual([409, PROBLEM_KEYS]);
      await cancel(api, job);
      expect(await images(api)).toHaveLength(1);
      expect((await remove(used)).status).toBe(204);
      expect(await images(api)).toEqual([]);
      expect((await api.call("GET", "/v1/account")).body.quotas.pending_bytes.used).toBe(0);
    });
  });
});
