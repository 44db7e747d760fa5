import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createBreakable } from "../src/breakable.ts";
import { createMemory } from "../src/blobs/s3/memory.ts";
import { upload } from "../src/blobs/s3/upload.ts";
import type { Bucket } from "../src/blobs/s3/bucket.ts";
import { photo, start } from "./fixture.ts";
import { heapInUse } from "./memory.ts";

/** `Promise.race` with a promise of the failure keeps 260 bytes a step on Node 26: over 10 MB of these. More on 22 and 24. */
const STEPS = 50_000;
const KEPT_BYTES = 4_000_000;

/** Tiny chunks; before the last one it measures what the heap has grown by since the first. */
async function* measured(count: number, told: (grown: number) => void): AsyncGenerator<Uint8Array> {
  let before = 0;
  for (let i = 0; i < count; i++) {
    if (i === 1_000) before = await heapInUse();
    // A turn of the event loop for some, so that readers go through every kind of wait.
    if (i % 100 === 0) await new Promise((resolve) => void setImmediate(resolve));
    yield new Uint8Array(50).fill(7);
  }
  told((await heapInUse()) - before);
}

describe("a step of breakable work", () => {
  it("settles as it would without", async () => {
    const work = createBreakable();
    await expect(work.step(Promise.resolve(1))).resolves.toBe(1);
    await expect(work.step(Promise.reject(new Error("its own")))).rejects.toThrow("its own");
  });

  it("rejects at once when the work fails, whether it waits already or comes after", async () => {
    const work = createBreakable();
    const waiting = [work.step(new Promise(() => {})), work.step(sleep(60_000, 0, { ref: false }))];
    work.fail(new Error("first"));
    work.fail(new Error("second"));
    for (const step of waiting) await expect(step).rejects.toThrow("first");
    await expect(work.step(Promise.resolve())).rejects.toThrow("first");
    // Nobody waits for it any more: not an unhandled rejection.
    await expect(work.step(Promise.reject(new Error("its own")))).rejects.toThrow("first");
    await sleep(1);
  });

  it("leaves nothing in memory once it is over", async () => {
    const work = createBreakable();
    let grown = 0;
    const chunks = measured(STEPS, (bytes) => (grown = bytes));
    while (!(await work.step(chunks.next())).done);
    expect(grown).toBeLessThan(KEPT_BYTES);
    work.fail(new Error("only now"));
  });
});

describe("an upload in tiny pieces", () => {
  it("keeps none of them in memory while its form is read", async () => {
    const api = await start();
    let grown = 0;
    async function* body() {
      yield Buffer.from(
        '--b\r\nContent-Disposition: form-data; name="note"; filename="note.txt"\r\n\r\n', // read and thrown away
      );
      yield* measured(STEPS, (bytes) => (grown = bytes));
      yield Buffer.from(
        '\r\n--b\r\nContent-Disposition: form-data; name="input_image"; filename="a.jpg"\r\n\r\n',
      );
      yield await photo("audrey.jpg");
      yield Buffer.from("\r\n--b--\r\n");
    }
    // Half: the runtime's word for a body that is still being made; TypeScript's types have none.
    const streamed = {
      body: Readable.toWeb(Readable.from(body())) as unknown as ReadableStream,
      duplex: "half",
    };
    const answer = await api.service.fetch(
      new Request("http://localhost/v1/uploads", {
        method: "POST",
        headers: { authorization: `Bearer ${api.token}`, "content-type": "multipart/form-data; boundary=b" },
        ...streamed,
      }),
    );
    expect([answer.status, await answer.json()]).toMatchObject([201, { upload_id: expect.any(String) }]);
    expect(grown).toBeLessThan(KEPT_BYTES);
  });

  it("keeps none of them in memory while it goes to object storage", async () => {
    // Only what follows a full part is sent before the end, so this bucket is never asked for more.
    const bucket = { request: async () => ({ text: "", headers: new Headers() }) } as unknown as Bucket;
    let grown = 0;
    const data = measured(STEPS, (bytes) => (grown = bytes));
    const { signal } = new AbortController();
    const { size } = await upload(bucket, "key", data, {
      memory: createMemory(2 ** 24),
      maxBytes: 1e9,
      signal,
    });
    expect(size).toBe(STEPS * 50);
    expect(grown).toBeLessThan(KEPT_BYTES);
  });
});
