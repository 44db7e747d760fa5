import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ImageError } from "@prosopon/engine";
import { beforeAll, describe, expect, it } from "vitest";
import { openLocalBlobs } from "../src/index.ts";
import { audrey, commitsIn, gated, identify, imagesIn, jobsOf, statusesOf } from "./at-once/fixture.ts";
import { backends } from "./backends.ts";
import { atEnd, eventually, type Fixture, form, keys, photo, realEngine, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

describe.each(backends)("POST /v1/… ?wait= with $name", async ({ skipped, open }) => {
  if (skipped) {
    it.skip(skipped, () => {});
    return;
  }
  let api: Fixture;
  beforeAll(async () => {
    api = await start(await open(atEnd));
    await api.service.ready();
  });
  const eventsOf = async ({ storage, clientId }: Fixture, jobId: string) => {
    const account = (await storage.accounts.byClientId(clientId))!;
    const { events } = await storage.events.since(account.id, 0, 1_000);
    return events.filter((event) => event.jobId === jobId).map(({ status }) => status);
  };

  it("answers a lookup as GET does afterwards, told once, and keeps no image", async () => {
    const answer = await identify(api);
    expect(answer).toMatchObject({
      status: 200,
      body: { kind: "identify", status: "Succeeded", attempts: 1, result: { faces: [{}] } },
    });
    const { job_id } = answer.body;
    expect((await api.call("GET", `/v1/jobs/${job_id}`)).body).toEqual(answer.body);
    expect(await eventsOf(api, job_id)).toEqual(["Succeeded"]);
    expect(await imagesIn(api.directory)).toEqual([]);
  });

  it("answers an enrolment once it is done, in the steps of every job that must be durable", async () => {
    const body = form([
      ["input_images", audrey],
      ["external_id", "audrey"],
    ]);
    const { status, body: job } = await api.call("POST", "/v1/identities?wait=30", { body });
    expect([status, job.kind, job.status]).toEqual([200, "enrol", "Succeeded"]);
    expect((await api.call("GET", `/v1/identities/${job.identity_id}`)).body.external_id).toBe("audrey");
    expect(await eventsOf(api, job.job_id)).toEqual(["Sent", "Started", "Succeeded"]);
  });

  it("forgets whom it named once they are erased", async () => {
    const { identity_id } = await api.run("POST", IDENTITY, [
      ["input_images", await photo("SeanConnery.jpg")],
    ]);
    const body = form([["input_image", await photo("SeanConnery.jpg")]]);
    const { body: job } = await api.call("POST", "/v1/identify?wait=30", { body });
    expect(job.result.faces[0]).toMatchObject({ decision: "match", identity_id });
    const about = form([
      ["input_image", await photo("SeanConnery.jpg")],
      ["identity_id", identity_id],
    ]);
    const { body: compared } = await api.call("POST", "/v1/recognize?wait=30", { body: about });
    expect(compared).toMatchObject({
      status: "Succeeded",
      identity_id,
      result: { match: { recognition: true } },
    });
    await api.call("DELETE", `${IDENTITY}?identity_id=${identity_id}`);
    const after = (await api.call("GET", `/v1/jobs/${job.job_id}`)).body;
    expect(JSON.stringify(after)).not.toContain(identity_id);
    expect(after.result.faces[0].decision).toBe("unknown");
    const { body: forgotten } = await api.call("GET", `/v1/jobs/${compared.job_id}`);
    expect(keys(forgotten)).not.toContain("result");
  });

  it("is of its own account alone", async () => {
    const { token } = await api.otherAccount();
    const { body } = await identify(api, { token });
    expect(body.result.faces[0]).toMatchObject({ decision: "unknown", candidates: [] });
    expect((await api.call("GET", `/v1/jobs/${body.job_id}`)).status).toBe(404);
  });

  it("answers 202 when the wait is over first, and the job goes on as any other", async () => {
    const { engine, open: openGate } = gated();
    const node = await start({ ...(await open(atEnd)), engine });
    await node.service.ready();
    const answer = await identify(node, { wait: "0.3" });
    expect([answer.status, answer.body.kind]).toEqual([202, "identify"]);
    expect(["Sent", "Started"]).toContain(answer.body.status);
    openGate();
    const { job_id } = answer.body;
    const end = (await node.call("GET", `/v1/jobs/${job_id}?wait=30`)).body;
    expect(end).toMatchObject({ status: "Succeeded", result: { faces: [{}] } });
    expect(await eventsOf(node, job_id)).toEqual(["Sent", "Started", "Succeeded"]);
    expect(await jobsOf(node)).toHaveLength(1);
    await eventually(() => imagesIn(node.directory)).toEqual([]);
  });
});

describe("POST /v1/… ?wait=", async () => {
  const api = await start();
  await api.service.ready();

  it("flushes a lookup to the disk once, as it ends", async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "prosopon-at-once-"));
    atEnd(() => rm(directory, { recursive: true }));
    const local = await openLocalBlobs(path.join(directory, "blobs"));
    const flushed: unknown[] = [];
    const node = await start({
      blobs: {
        ...local,
        put: (data, options) => (flushed.push(options.durable), local.put(data, options)),
        flush: (ids) => (flushed.push(ids), local.flush(ids)),
      },
    });
    await node.service.ready();
    await identify(node);
    flushed.length = 0;
    const before = await commitsIn(node.directory);
    expect((await identify(node)).status).toBe(200);
    expect([(await commitsIn(node.directory)) - before, flushed]).toEqual([1, [false]]);
  });

  it("answers 202 at once for a wait of nothing, and the id alone without one", async () => {
    const { status, body } = await identify(api, { wait: "0" });
    expect([status, body.status]).toEqual([202, "Sent"]);
    const plain = await api.call("POST", "/v1/detect", { body: form([["input_image", audrey]]) });
    expect([plain.status, keys(plain.body)]).toEqual([200, ["job_id"]]);
  });

  it("refuses a wait that is no number of seconds, before it receives an image", async () => {
    const before = (await jobsOf(api)).length;
    for (const wait of ["soon", "-1", "NaN"]) {
      const { status, body } = await identify(api, { wait });
      expect([wait, status, body.message]).toEqual([wait, 400, "wait must be a number of seconds, 0 to 30"]);
    }
    expect(await jobsOf(api)).toHaveLength(before);
    expect((await identify(api, { wait: "1e9" })).status).toBe(200);
  });

  it("is not looked at on documented routes", async () => {
    for (const wait of ["30", "soon"]) {
      const body = form([["input_image", audrey]]);
      const answer = await api.call("POST", `${IDENTITY}/search?wait=${wait}`, { body });
      expect([answer.status, keys(answer.body)]).toEqual([200, ["job_id"]]);
      await api.done(`${IDENTITY}/search`, answer.body.job_id);
    }
  });

  it("answers a job that failed for its images with 200, as GET does", async () => {
    const engine = realEngine();
    const node = await start({
      engine: {
        ...engine,
        analyse: () => Promise.reject(new ImageError("fatal", "The process ended over it.")),
      },
    });
    await node.service.ready();
    const { status, body } = await identify(node);
    expect([status, body.status, body.error]).toEqual([200, "Failed", "image 1: The process ended over it."]);
    expect((await node.call("GET", `/v1/jobs/${body.job_id}`)).body).toEqual(body);
    expect(await imagesIn(node.directory)).toEqual([]);
  });

  it("takes an upload, and leaves it there", async () => {
    const upload = await api.call("POST", "/v1/uploads", { body: form([["input_image", audrey]]) });
    const { upload_id } = upload.body;
    for (let i = 0; i < 2; i++) {
      const body = form([["input_image", upload_id]]);
      const { status, body: job } = await api.call("POST", "/v1/detect?wait=30", { body });
      expect([status, job.result.faces]).toEqual([200, [expect.anything()]]);
    }
    expect((await api.call("DELETE", `/v1/uploads/${upload_id}`)).status).toBe(204);
  });

  it("keeps to the account's quotas", async () => {
    const { engine, open } = gated();
    const node = await start({ engine, limits: { uploadsAtOnce: 2 } });
    await node.service.ready();
    const inWork = [identify(node), identify(node)];
    await eventually(async () => (await identify(node)).body.message).toContain("2 uploads at once");
    open();
    expect((await Promise.all(inWork)).map(({ status }) => status)).toEqual([200, 200]);
    const body = form([["input_images", audrey]]);
    const { engine: never } = gated();
    const full = await start({ engine: never, limits: { unfinishedJobs: 1 } });
    await full.call("POST", IDENTITY, { body });
    expect((await identify(full)).status).toBe(429);
    expect(await statusesOf(full)).toHaveLength(1);
  });
});
