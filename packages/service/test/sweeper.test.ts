import { mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openS3Blobs } from "../src/blobs/s3.ts";
import { type BlobStore, type Clock, defaultLimits, openLocalBlobs, systemClock } from "../src/index.ts";
import { chunks } from "./blobs/contract.ts";
import { credentials, startS3 } from "../../../tools/s3.ts";
import { atEnd, eventually, form, photo, realEngine, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

interface Place {
  blobs: BlobStore;
  /** As if all that is there were stored so long ago, milliseconds. */
  age(ms: number): Promise<unknown>;
}

const places: [name: string, open: () => Promise<Place>][] = [
  [
    "a directory",
    async () => {
      const directory = await mkdtemp(path.join(tmpdir(), "prosopon-sweeper-"));
      atEnd(() => rm(directory, { recursive: true }));
      const age = async (ms: number) => {
        const then = new Date(Date.now() - ms);
        for (const name of await readdir(directory)) await utimes(path.join(directory, name), then, then);
      };
      return { blobs: await openLocalBlobs(directory), age };
    },
  ],
  [
    "a bucket",
    async () => {
      const server = await startS3();
      atEnd(() => server.close());
      const blobs = await openS3Blobs({ ...credentials, endpoint: server.endpoint, prefix: "in-flight/" });
      atEnd(() => blobs.close());
      return { blobs, age: server.age };
    },
  ],
];

describe.each(places)("the sweep of images in %s", async (_, open) => {
  const { blobs, age } = await open();
  let sweep = (): void => {
    throw new Error("no sweep is planned");
  };
  // Sweeps when the test says so: the first comes after a second, the others after five minutes each.
  const clock: Clock = {
    now: systemClock.now,
    after: (ms, callback) =>
      ms === 1_000 || ms === 300_000 ? ((sweep = callback), () => {}) : systemClock.after(ms, callback),
  };
  // It never has proved itself, so that jobs wait for ever.
  const engine = { ...realEngine(), warm: () => new Promise<never>(() => {}) };
  const api = await start({ blobs, clock, engine });
  const face = await photo("audrey.jpg");

  const all = () => blobs.list(Date.now() + 60_000);
  const orphan = async () => (await blobs.put(chunks(Buffer.from("orphan"), 9), { maxBytes: 9 })).blobId;
  /** What `work` stores. */
  async function stored(work: () => Promise<unknown>): Promise<string> {
    const before = new Set(await all());
    await work();
    await eventually(async () => (await all()).length).toBe(before.size + 1);
    return (await all()).find((blobId) => !before.has(blobId))!;
  }

  it("erases what a crash left and nothing needs, and keeps what is needed, on its way into a job, or young", async () => {
    const left = await orphan();
    const ofJob = await stored(() => api.call("POST", IDENTITY, { body: form([["input_images", face]]) }));
    const ofUpload = await stored(() =>
      api.call("POST", "/v1/uploads", { body: form([["input_image", face]]) }),
    );

    const part = "--b\r\ncontent-disposition: form-data; name=input_images; filename=a.jpg\r\n\r\n";
    const sending = new TransformStream<Uint8Array, Uint8Array>();
    const writer = sending.writable.getWriter();
    const answer = api.call("POST", IDENTITY, {
      body: sending.readable,
      headers: { "content-type": "multipart/form-data; boundary=b" },
    });
    const arriving = await stored(async () => {
      await writer.write(Buffer.concat([Buffer.from(part), face, Buffer.from(`\r\n${part}`)]));
    });

    await age(2 * defaultLimits.orphanAgeMs);
    const young = await orphan();
    sweep();
    await eventually(all).not.toContain(left);
    expect((await all()).toSorted()).toEqual([ofJob, ofUpload, arriving, young].toSorted());

    // The image was of use: its job is taken, and now it is that which keeps it.
    await writer.write(Buffer.concat([face, Buffer.from("\r\n--b--\r\n")]));
    await writer.close();
    expect((await answer).status).toBe(200);
    await age(2 * defaultLimits.orphanAgeMs);
    const again = await orphan();
    sweep();
    await eventually(all).not.toContain(young);
    expect(await all()).toEqual(expect.arrayContaining([ofJob, ofUpload, arriving, again]));
    expect(api.log.filter((line) => line.includes("could not sweep"))).toEqual([]);
  });
});
