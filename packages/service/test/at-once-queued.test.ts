import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Engine } from "@prosopon/engine";
import { describe, expect, it } from "vitest";
import { createService, openLocalBlobs } from "../src/index.ts";
import { openSqliteStorage } from "../src/sqlite.ts";
import { audrey, gated, identify, imagesIn, jobsOf, statusesOf } from "./at-once/fixture.ts";
import { atEnd, eventually, form, realEngine, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

describe("a lookup that is waited for", () => {
  it("waits in the queue while the hands are full", async () => {
    const { engine, state, open } = gated();
    const api = await start({ engine });
    await api.service.ready();
    const answers = [identify(api), identify(api)];
    // Two photos for the one thread.
    await eventually(() => state.begun).toBe(2);
    expect(await statusesOf(api)).toEqual([]);
    answers.push(identify(api));
    await eventually(() => statusesOf(api)).toEqual(["Sent"]);
    open();
    for (const { status, body } of await Promise.all(answers))
      expect([status, body.status]).toEqual([200, "Succeeded"]);
    await eventually(() => imagesIn(api.directory)).toEqual([]);
  });

  it("goes behind those that were in the queue before", async () => {
    const { engine, state, open } = gated();
    const api = await start({ engine });
    await api.service.ready();
    const search = () => api.call("POST", `${IDENTITY}/search`, { body: form([["input_image", audrey]]) });
    for (let i = 0; i < 5; i++) await search();
    await eventually(() => state.begun).toBe(2);
    const answer = identify(api);
    await eventually(async () => (await jobsOf(api)).length).toBe(6);
    open();
    expect((await answer).status).toBe(200);
    const ended = (await jobsOf(api)) as { kind: string; finished_at?: string }[];
    expect(ended.filter(({ finished_at }) => finished_at === undefined)).toEqual([]);
  });

  it("leaves nothing behind when its caller goes away", async () => {
    const { engine, state } = gated();
    const api = await start({ engine });
    await api.service.ready();
    const gone = new AbortController();
    const answer = identify(api, { signal: gone.signal });
    await eventually(() => state.begun).toBe(1);
    expect(await imagesIn(api.directory)).toHaveLength(1);
    gone.abort();
    await expect(answer).rejects.toThrow("aborted");
    await eventually(() => imagesIn(api.directory)).toEqual([]);
    expect(state.stopped).toBe(1);
    expect(await jobsOf(api)).toEqual([]);
    const account = (await api.storage.accounts.byClientId(api.clientId))!;
    expect(await api.storage.events.head(account.id)).toBe(0);
    expect(api.service.worker.running).toBe(0);
  });

  it("is tried again as any job when a passing fault meets it", async () => {
    const real = realEngine();
    let calls = 0;
    const engine: Engine = {
      ...real,
      analyse: (image, options) =>
        ++calls === 1 ? Promise.reject(new Error("a thread ended")) : real.analyse(image, options),
    };
    const api = await start({ engine });
    await api.service.ready();
    const { status, body } = await identify(api);
    expect([status, body.status, calls]).toEqual([200, "Succeeded", 2]);
    expect(api.log.filter((line) => line.includes("a try of a job failed"))).toEqual([
      expect.stringContaining(body.job_id),
    ]);
    expect(await jobsOf(api)).toHaveLength(1);
  });

  it("is handed on by a service that closes, which does not wait for it", async () => {
    const { engine, state } = gated();
    const api = await start({ engine });
    await api.service.ready();
    const answer = identify(api);
    await eventually(() => state.begun).toBe(1);
    const begun = performance.now();
    await api.service.close();
    expect(performance.now() - begun).toBeLessThan(4_000);
    const { status, body } = await answer;
    expect([status, body.status]).toEqual([202, "Sent"]);
    expect(await api.storage.jobs.nextDue(-1)).toBe(0);
    expect(await imagesIn(api.directory)).toHaveLength(1);
  });

  it("is done by the workers where the node that is asked does no jobs", async () => {
    const api = await start({ role: "api" });
    const blobs = await openLocalBlobs(path.join(api.directory, "blobs"));
    const worker = createService({ storage: api.storage, blobs, engine: realEngine(), role: "worker" });
    atEnd(() => worker.close());
    await worker.ready();
    const { status, body } = await identify(api);
    expect([status, body.status]).toEqual([200, "Succeeded"]);
    const account = (await api.storage.accounts.byClientId(api.clientId))!;
    expect(await api.storage.events.head(account.id)).toBe(3);
  });

  it("is gone with a process that is killed over it, and its image with the next sweep", async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "prosopon-at-once-"));
    atEnd(() => rm(directory, { recursive: true, force: true }));
    const child = fork(new URL("serve.ts", import.meta.url), [directory], {
      execArgv: ["--conditions=@prosopon/source"],
    });
    const [{ port, clientId, secretId }] = (await once(child, "message")) as [Record<string, string>];
    const base = `http://127.0.0.1:${port}`;
    const login = await fetch(`${base}/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ clientId, secretId }),
    });
    const { token } = (await login.json()) as { token: string };
    const answer = fetch(`${base}/v1/identify?wait=30`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: form([["input_image", audrey]]),
    });
    answer.catch(() => {});
    while ((await imagesIn(directory)).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    child.kill("SIGKILL");
    await once(child, "close");
    await expect(answer).rejects.toThrow("fetch failed");

    const storage = await openSqliteStorage({ directory });
    const account = (await storage.accounts.byClientId(clientId!))!;
    expect((await storage.jobs.list(account.id, {}, { limit: 9 })).items).toEqual([]);
    expect(await storage.events.head(account.id)).toBe(0);
    const blobs = await openLocalBlobs(path.join(directory, "blobs"));
    const again = createService({ storage, blobs, engine: realEngine(), limits: { orphanAgeMs: -1_000 } });
    atEnd(async () => {
      await again.close();
      await storage.close();
    });
    await eventually(() => imagesIn(directory), { timeout: 10_000 }).toEqual([]);
  });
});
