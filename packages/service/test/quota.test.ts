import { readdir } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Engine } from "@prosopon/engine";
import { backends } from "./backends.ts";
import { atEnd, eventually, form, photo, PROBLEM_KEYS, realEngine, start, type Fixture } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

describe.each(backends)("quotas of an account, with $name", async ({ skipped, open }) => {
  if (skipped) {
    it.skip(skipped, () => {});
    return;
  }
  const audrey = await photo("audrey.jpg");
  const begin = async (limits: Parameters<typeof start>[0] & object) =>
    start({ ...(await open(atEnd)), ...limits });
  const idle = (): Engine => ({ ...realEngine(), warm: () => new Promise(() => {}) });
  const send = (api: Fixture, token = api.token, bytes = audrey) =>
    api.call("POST", IDENTITY, { token, body: form([["input_images", bytes]]) });
  /** A body whose last bytes come when the test says so. */
  async function heldBack(api: Fixture, gate: Promise<void>, route = IDENTITY, token = api.token) {
    const whole = new Response(form([["input_images", audrey]]));
    const type = whole.headers.get("content-type")!;
    const bytes = new Uint8Array(await whole.arrayBuffer());
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(bytes.subarray(0, 5_000));
        await gate;
        controller.enqueue(bytes.subarray(5_000));
        controller.close();
      },
    });
    return api.call("POST", route, { token, body, headers: { "content-type": type } });
  }
  const refused = (answer: Awaited<ReturnType<Fixture["call"]>>, status: number, words: RegExp) => {
    expect([answer.status, Object.keys(answer.body)]).toEqual([status, PROBLEM_KEYS]);
    expect(answer.body.message).toMatch(words);
    if (status === 429) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  };

  it("let no more jobs wait than they say, though all were sent while there was room", async () => {
    const api = await begin({ limits: { unfinishedJobs: 3 }, engine: idle() });
    const gate = Promise.withResolvers<void>();
    const sent = Array.from({ length: 60 }, () => heldBack(api, gate.promise));
    await new Promise((resolve) => setTimeout(resolve, 300));
    gate.resolve();
    const answers = await Promise.all(sent);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    for (const answer of answers)
      if (answer.status !== 200) refused(answer, 429, /quota of 3 unfinished jobs/);
    // Of what was refused no image is left.
    await eventually(async () => (await api.storage.referencedBlobs()).size).toBe(3);
    const { body } = await api.call("GET", "/v1/account");
    expect(body.quotas.unfinished_jobs).toEqual({ used: 3, limit: 3 });
    expect(body.quotas.pending_bytes.used).toBe(3 * audrey.byteLength);
    const other = await api.otherAccount();
    expect((await send(api, other.token)).status).toBe(200);
  });

  it("give so many uploads at once a place, and the next one when one of them has been answered", async () => {
    const api = await begin({ limits: { uploadsAtOnce: 2 }, engine: idle() });
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const sent = gates.map(({ promise }, i) => heldBack(api, promise, i ? IDENTITY : "/v1/uploads"));
    // Their images have begun.
    const begun = async () =>
      (await readdir(path.join(api.directory, "blobs"))).filter((name) => name.endsWith(".part"));
    await eventually(begun).toHaveLength(2);
    refused(await send(api), 429, /quota of 2 uploads at once/);
    expect((await send(api, (await api.otherAccount()).token)).status).toBe(200);
    gates[0]!.resolve();
    await sent[0];
    expect((await send(api)).status).toBe(200);
    gates[1]!.resolve();
    expect((await sent[1])!.status).toBe(200);
    // A refused one gives its place back too.
    for (let i = 0; i < 4; i++)
      expect((await send(api, api.token, Buffer.from("no image"))).status).toBe(415);
    expect((await send(api)).status).toBe(200);
  });

  it("bound the bytes that wait, while they come, and say what is over them by itself", async () => {
    const bytes = Math.round(2.5 * audrey.byteLength);
    const api = await begin({ limits: { pendingBytes: bytes }, engine: idle() });
    const three = form(Array.from({ length: 3 }, () => ["input_images", audrey]));
    refused(await api.call("POST", IDENTITY, { body: three }), 413, new RegExp(`quota of ${bytes}`));
    expect((await send(api)).status).toBe(200);
    const upload = () => api.call("POST", "/v1/uploads", { body: form([["input_image", audrey]]) });
    const { status, body } = await upload();
    expect(status).toBe(201);
    refused(await send(api), 429, new RegExp(`quota of ${bytes} bytes`));
    refused(await upload(), 429, new RegExp(`quota of ${bytes} bytes`));
    expect((await api.storage.referencedBlobs()).size).toBe(2);
    // What names an upload brings no bytes of its own.
    const again = await api.call("POST", IDENTITY, { body: form([["input_images", body.upload_id]]) });
    expect(again.status).toBe(200);
  });

  it("bound identities and faces where the operator says so, before and after the photos are looked at", async () => {
    const api = await begin({ limits: { identities: 2, faces: 3 } });
    const jobs = (await Promise.all(Array.from({ length: 4 }, () => send(api)))).map(
      ({ body }) => body.job_id,
    );
    const ended = await Promise.all(jobs.map((id) => api.done(IDENTITY, id)));
    expect(ended.filter(({ status }) => status === "Succeeded")).toHaveLength(2);
    for (const { status, error } of ended)
      if (status === "Failed") expect(error).toMatch(/quota of 2 identities/);
    refused(await send(api), 429, /quota of 2 identities/);
    const [identity] = ended.flatMap(({ identity_id }) => identity_id ?? []);
    const add = (count: number) =>
      api.call("PUT", IDENTITY, {
        body: form([
          ["identity_id", identity],
          ...Array.from({ length: count }, (): [string, Buffer] => ["input_images", audrey]),
        ]),
      });
    const { error } = await api.done(IDENTITY, (await add(2)).body.job_id);
    expect(error).toMatch(/quota of 3 faces/);
    expect((await api.done(IDENTITY, (await add(1)).body.job_id)).status).toBe("Succeeded");
    refused(await add(1), 429, /quota of 3 faces/);
    const { body } = await api.call("GET", "/v1/account");
    expect(body.quotas).toMatchObject({ identities: { used: 2, limit: 2 }, faces: { used: 3, limit: 3 } });
    await api.call("DELETE", `${IDENTITY}?identity_id=${identity}`);
    expect((await send(api)).status).toBe(200);
  });
});
