import { beforeAll, describe, expect, it } from "vitest";
import { imageFile } from "../src/file.ts";
import { type Client, createClient } from "../src/index.ts";
import { FakeClock, type RealService, photo, realEngine, start } from "./real-service.ts";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { crc32, deflateSync } from "node:zlib";

let fixture: RealService;
let credentials: { clientId: string; secretId: string };
beforeAll(async () => {
  fixture = await start();
  await fixture.service.ready();
  credentials = fixture;
});

const blob = async (name: string) => new Blob([new Uint8Array(await photo(name))]);
/** A plain grey image, 8 bits a pixel. */
function greyPng(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const rows = Buffer.alloc((width + 1) * height, 128);
  for (let row = 0; row < height; row++) rows[row * (width + 1)] = 0; // filter: none
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return new Uint8Array(
    Buffer.concat([
      signature,
      chunk("IHDR", header),
      chunk("IDAT", deflateSync(rows)),
      chunk("IEND", Buffer.alloc(0)),
    ]),
  );
}

/** What a hosted server has: the documented routes and nothing else. */
const documentedOnly = async (request: Request): Promise<Response> => {
  const { pathname, searchParams } = new URL(request.url);
  const documented =
    /^\/(login|token|logout|innovation-service\/.*)$/.test(pathname) && !searchParams.has("wait");
  return documented
    ? fixture.service.fetch(request)
    : Response.json({ message: "Missing Authentication Token" }, { status: 403 });
};

const ways: [name: string, make: () => Client][] = [
  ["over HTTP", () => createClient({ baseUrl: fixture.base, ...credentials })],
  ["in the same process", () => createClient({ fetch: fixture.service.fetch, ...credentials })],
  [
    "on a server with only the documented routes",
    () => createClient({ fetch: documentedOnly, ...credentials }),
  ],
];

for (const [name, make] of ways) {
  it(`enrols, adds, searches, recognises and deletes ${name}`, async () => {
    const client = make();
    const enrolment = client.jobs.watch(
      await client.identities.create({ images: [await blob("franck_01829.jpg")] }),
    );
    const statuses: string[] = [];
    let identityId = "";
    for await (const state of enrolment) {
      statuses.push(state.status);
      identityId = state.identityId ?? identityId;
    }
    expect(statuses.at(-1)).toBe("Succeeded");
    expect(
      (
        await client.jobs.wait(
          await client.identities.addImages(identityId, { images: [await blob("franck_02221.jpg")] }),
        )
      ).identityId,
    ).toBe(identityId);
    const { matches } = await client.jobs.wait(
      await client.identities.search({ image: await blob("franck_03909.jpg") }),
    );
    expect(matches).toEqual([{ identity_id: identityId, score: expect.any(Number) }]);
    const { recognition } = await client.jobs.wait(
      await client.identities.recognize(identityId, { image: await blob("audrey.jpg") }),
    );
    expect(recognition).toMatchObject({ identity_id: identityId, recognition: false });
    await client.identities.delete(identityId);
    await expect(client.identities.delete(identityId)).rejects.toMatchObject({
      name: "ApiError",
      status: 404,
    });
  });
}

it("throws JobFailedError that names the image without a face", async () => {
  const client = createClient({ baseUrl: fixture.base, ...credentials });
  const job = await client.identities.create({ images: [await blob("audrey.jpg"), greyPng(640, 480)] });
  await expect(client.jobs.wait(job)).rejects.toMatchObject({
    name: "JobFailedError",
    reason: expect.stringMatching(/image 2/),
    job: { status: "Failed" },
  });
});

describe("jobs.cancel and uploads.delete", () => {
  it("end a job that waits, once, and erase the upload that it needed", async () => {
    const engine = { ...realEngine(), warm: () => new Promise<never>(() => {}) };
    const { service, ...own } = await start({ engine, clock: new FakeClock() });
    const client = createClient({ ...own, fetch: service.fetch });
    const upload = await client.uploads.create(await blob("audrey.jpg"));
    const job = await client.identities.create({ images: [upload] });
    await expect(client.uploads.delete(upload.uploadId)).rejects.toMatchObject({ status: 409 });
    const ended = await client.jobs.cancel(job);
    expect(ended).toMatchObject({
      id: job.id,
      status: "Failed",
      done: true,
      error: expect.stringMatching(/^cancelled/),
    });
    expect(await client.jobs.cancel(job.id)).toEqual(ended);
    await expect(client.jobs.wait(job)).rejects.toMatchObject({ name: "JobFailedError" });
    await client.uploads.delete(upload.uploadId);
    await expect(client.uploads.delete(upload.uploadId)).rejects.toMatchObject({ status: 404 });
    await expect(client.jobs.cancel("no-such")).rejects.toMatchObject({ status: 404 });
  });
});

describe("jobs.retry", () => {
  it("starts a dead job anew, and answers the same job when it is asked again", async () => {
    let broken = true;
    const analyse = (...args: unknown[]) =>
      broken ? Promise.reject(new Error("out of memory")) : realEngine().analyse(...args);
    const clock = new FakeClock();
    const { service, ...own } = await start({ engine: { ...realEngine(), analyse }, clock });
    await service.ready();
    const client = createClient({ ...own, fetch: service.fetch });
    const job = await client.identities.create({ images: [await blob("audrey.jpg")] });
    const dead = () => client.jobs.list({ dead: true }).then(({ items }) => items);
    await expect
      .poll(async () => (await clock.advance(13_000), dead()))
      .toEqual([expect.objectContaining({ job_id: job.id, dead: { until: expect.any(String) } })]);
    broken = false;
    const retried = await client.jobs.retry(job);
    expect(retried).toEqual({ id: expect.any(String), kind: "enrol" });
    expect(await client.jobs.wait(retried)).toMatchObject({ status: "Succeeded" });
    expect(await client.jobs.retry(job.id)).toEqual(retried);
    expect((await dead())[0]!.dead).toMatchObject({ retried_as: retried.id });
    await expect(client.jobs.retry(retried)).rejects.toMatchObject({ status: 409 });
    await expect(client.jobs.retry("")).rejects.toThrow(TypeError);
  });
});

describe("in the same process", () => {
  it("crosses no network: the account's events come through the same fetch", async () => {
    const urls: string[] = [];
    const client = createClient({
      ...credentials,
      fetch: (request) => (urls.push(request.url), fixture.service.fetch(request)),
    });
    const events = client.events.watch();
    const first = events.next();
    await expect.poll(() => urls.some((url) => url.includes("/v1/events"))).toBe(true);
    const job = await client.identities.search({ image: await blob("audrey.jpg") });
    expect((await first).value).toMatchObject({ id: job.id });
    await events.return!();
    expect(new Set(urls.map((url) => new URL(url).host))).toEqual(new Set(["in-process.invalid"]));
  });
});

describe("imageFile", () => {
  it("sends a file from disk", async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "prosopon-core-"));
    try {
      const file = path.join(directory, "photo.jpg");
      await writeFile(file, await photo("audrey.jpg"));
      const client = createClient({ baseUrl: fixture.base, ...credentials });
      const { size } = await client.uploads.create(await imageFile(file));
      expect(size).toBe((await photo("audrey.jpg")).length);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it("says which file is missing", async () => {
    await expect(imageFile("/no/such/photo.jpg")).rejects.toThrow();
  });
});
