import path from "node:path";
import { describe, expect, it } from "vitest";
import { openLocalBlobs } from "../src/blobs/local.ts";
import type { BlobStore } from "../src/blobs/types.ts";
import { createService, type Service } from "../src/service.ts";
import { type Storage, StorageError } from "../src/storage/types.ts";
import { form, keys, photo, PROBLEM_KEYS, realEngine, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

describe("/readyz", () => {
  it("is 503 within seconds while the database is away, or has become too new", async () => {
    const api = await start();
    let ping: Storage["ping"] = () => new Promise(() => {});
    const node = await start({ storage: { ...api.storage, ping: () => ping() }, role: "api" });
    const begun = performance.now();
    const away = await node.call("GET", "/readyz", { token: null });
    expect([away.status, away.body.message]).toEqual([503, "role api: the database does not answer"]);
    expect(performance.now() - begun).toBeLessThan(10_000);
    ping = () => Promise.reject(new StorageError("unusable", "Replace this node."));
    const old = await node.call("GET", "/readyz", { token: null });
    expect([old.status, old.body.message]).toEqual([503, "role api: Replace this node."]);
    ping = async () => 0;
    const back = await node.call("GET", "/readyz", { token: null });
    expect([back.status, back.body]).toEqual([200, { status: "ready", role: "api" }]);
  });

  it("is 503 from drain on, while all else is answered", async () => {
    const api = await start();
    await api.service.ready();
    api.service.drain();
    expect((await api.call("GET", "/readyz", { token: null })).status).toBe(503);
    expect((await api.call("GET", "/v1/account")).status).toBe(200);
    expect((await api.call("GET", "/healthz", { token: null })).status).toBe(200);
  });
});

describe("roles", () => {
  it("an api node enqueues and does nothing; a worker on the same storage does it and answers only its probes", async () => {
    const api = await start({ role: "api" });
    const { body } = await api.call("POST", `${IDENTITY}/search`, {
      body: form([["input_image", await photo("audrey.jpg")]]),
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await api.call("GET", `/v1/jobs/${body.job_id}`)).body.status).toBe("Sent");

    const blobs = await openLocalBlobs(path.join(api.directory, "blobs"), { shared: true });
    const worker = await startWorker(api.storage, blobs);
    expect((await api.done(`${IDENTITY}/search`, body.job_id)).status).toBe("Succeeded");
    const answer = await worker.fetch(new Request("http://worker/v1/account"));
    expect([answer.status, keys((await answer.json()) as object)]).toEqual([404, PROBLEM_KEYS]);
    // From drain on it claims no more; it has nobody to serve on for.
    worker.drain();
    const later = await api.call("POST", `${IDENTITY}/search`, {
      body: form([["input_image", await photo("audrey.jpg")]]),
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await api.call("GET", `/v1/jobs/${later.body.job_id}`)).body.status).toBe("Sent");
    await worker.close();
  });
});

describe("a database that is away", () => {
  it("is told as 503 with Retry-After, not as a fault of ours", async () => {
    const api = await start();
    const gone = () => Promise.reject(new StorageError("unusable", "The database does not answer."));
    const node = await start({
      storage: { ...api.storage, identities: { ...api.storage.identities, count: gone } },
      role: "api",
    });
    const answer = await node.call("GET", "/v1/account");
    expect([answer.status, answer.body.message]).toEqual([503, "The database does not answer."]);
    expect(answer.headers.get("retry-after")).toBe("2");
  });
});

async function startWorker(storage: Storage, blobs: BlobStore): Promise<Service> {
  const worker = createService({ storage, blobs, engine: realEngine(), role: "worker" });
  await worker.ready();
  return worker;
}
