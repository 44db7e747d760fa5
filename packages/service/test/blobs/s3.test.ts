import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBucket } from "../../src/blobs/s3/bucket.ts";
import { openS3Blobs } from "../../src/blobs/s3.ts";
import type { BlobStore } from "../../src/blobs/types.ts";
import { blobContract, chunks } from "./contract.ts";
import { credentials, CUT, type S3Server, startS3, temporary } from "../../../../tools/s3.ts";

blobContract("S3", async () => {
  const server = await startS3();
  const blobs = await openS3Blobs({ ...credentials, endpoint: server.endpoint, prefix: "pending images/" });
  return {
    blobs,
    async cleanup() {
      await blobs.close();
      await server.close();
    },
  };
});

describe("S3 blobs", () => {
  let server: S3Server;
  let blobs: BlobStore;
  beforeEach(async () => {
    server = await startS3();
    blobs = await openS3Blobs({ ...credentials, endpoint: server.endpoint, prefix: "p/" });
  });
  afterEach(async () => {
    await blobs.close();
    await server.close();
  });

  it("refuse to open with wrong credentials or without their bucket, and name the reason but no secret", async () => {
    const options = { ...credentials, endpoint: server.endpoint };
    const wrong = await openS3Blobs({ ...options, secretAccessKey: "wrong-secret" }).catch(
      (error: Error) => error.message,
    );
    expect(wrong).toContain("403 SignatureDoesNotMatch");
    expect(wrong).not.toContain("wrong-secret");
    await expect(openS3Blobs({ ...options, bucket: "other" })).rejects.toThrow("404 NoSuchBucket");
  });

  it("work with temporary credentials, whose token goes along, signed, and not without it", async () => {
    const { sessionToken, ...lacking } = { ...temporary, endpoint: server.endpoint, prefix: "p/" };
    await expect(openS3Blobs(lacking)).rejects.toThrow("403 SignatureDoesNotMatch");
    const other = await openS3Blobs({ ...lacking, sessionToken });
    const bytes = new Uint8Array(randomBytes(6 * 2 ** 20));
    const { blobId, size } = await other.put(chunks(bytes, 100_000), { maxBytes: 1e9 });
    expect(size).toBe(bytes.length);
    await other.delete([blobId]);
    expect((await server.look()).keys).toEqual([]);
    await other.close();
  });

  it("send big images in parts, and give the same bytes to every node", async () => {
    const bytes = new Uint8Array(randomBytes(17 * 2 ** 20 + 12_345));
    // The test's server keeps no whole part of 5 MiB: of these three none, and the rest.
    const { blobId, size, head } = await blobs.put(chunks(bytes, 100_000), { maxBytes: 1e9 });
    expect(size).toBe(bytes.length);
    expect(Buffer.compare(head, bytes.subarray(0, 65_536))).toBe(0);
    const other = await openS3Blobs({ ...credentials, endpoint: server.endpoint, prefix: "p/" });
    const file = (await other.open(blobId))!;
    expect(Buffer.compare(await readFile(file.path), bytes.subarray(15 * 2 ** 20))).toBe(0);
    await file.release();
    await expect(readFile(file.path)).rejects.toThrow("ENOENT");
    await other.close();
    expect((await server.look()).uploads).toEqual([]);
  });

  it("abort a multi-part upload whose stream breaks", async () => {
    async function* broken() {
      yield Buffer.alloc(9 * 2 ** 20);
      throw new Error("connection lost");
    }
    await expect(blobs.put(broken(), { maxBytes: 1e9 })).rejects.toThrow("connection lost");
    expect((await server.look()).uploads).toEqual([]);
    expect((await server.look()).keys).toEqual([]);
  });

  it("ask again when the server is busy or the connection breaks", async () => {
    await server.failNext(503, 0, 500);
    const { blobId } = await blobs.put(chunks(Buffer.from("image"), 9), { maxBytes: 9 });
    await server.failNext(0, 429);
    const file = (await blobs.open(blobId))!;
    expect(await readFile(file.path, "utf8")).toBe("image");
  });

  it("tell an outage by its name, so that nobody takes it for a fault of the image", async () => {
    const away = { name: "BlobsAwayError" };
    const put = () => blobs.put(chunks(Buffer.from("image"), 9), { maxBytes: 9 });
    const { blobId } = await put();
    await server.failNext(500, 502, 503, 504, 503, 429, 503);
    await expect(blobs.open(blobId)).rejects.toMatchObject({
      ...away,
      message: expect.stringContaining("503 InternalError"),
    });
    await server.failNext(0, 0, 0, 0, 0, 0, 0);
    await expect(blobs.open(blobId)).rejects.toMatchObject({
      ...away,
      message: expect.stringContaining("does not answer"),
    });
    await server.failNext(403);
    await expect(blobs.open(blobId)).rejects.toMatchObject({
      ...away,
      message: expect.stringContaining("refused GET"),
    });
    await server.failNext(...Array.from({ length: 7 }, () => CUT));
    await expect(blobs.open(blobId)).rejects.toMatchObject(away);
    await server.failNext(CUT, CUT);
    const file = (await blobs.open(blobId))!;
    expect(await readFile(file.path, "utf8")).toBe("image");
    await server.failNext(400);
    await expect(blobs.open(blobId)).rejects.toMatchObject({ name: "Error" });
  });

  it("take new credentials once the old ones are refused, without a try that fails", async () => {
    const files = { ...credentials, secretAccessKey: "the old one" };
    const { accessKeyId, secretAccessKey } = credentials;
    const renewing = await openS3Blobs({
      ...files,
      endpoint: server.endpoint,
      prefix: "p/",
      renewed: () => ({ accessKeyId, secretAccessKey }),
    });
    const { blobId } = await renewing.put(chunks(Buffer.from("image"), 9), { maxBytes: 9 });
    expect(await renewing.list(Date.now() + 1_000)).toEqual([blobId]);
    await renewing.close();
  });

  it("list nothing, and abort no upload, of what others keep in the bucket", async () => {
    const bucket = createBucket({ ...credentials, endpoint: server.endpoint });
    for (const key of ["holiday.jpg", "A".repeat(32), "prosopon_notes.txt"])
      await bucket.request("PUT", { key, body: "not ours" });
    await bucket.request("POST", { key: "film.mp4", query: { uploads: "" } });
    await server.age(25 * 3_600_000);
    const whole = await openS3Blobs({ ...credentials, endpoint: server.endpoint });
    expect(await whole.list(Date.now())).toEqual([]);
    expect(await server.look()).toMatchObject({ uploads: ["film.mp4"] });
    await whole.close();
  });

  it("list more than one page, only their own prefix", async () => {
    const other = await openS3Blobs({ ...credentials, endpoint: server.endpoint, prefix: "q/" });
    await other.put(chunks(Buffer.from("x"), 9), { maxBytes: 9 });
    await other.close();
    const ids = [];
    for (let i = 0; i < 8; i++)
      ids.push((await blobs.put(chunks(Buffer.from("x"), 9), { maxBytes: 9 })).blobId);
    expect((await blobs.list(Date.now() + 1000)).toSorted()).toEqual(ids.toSorted());
  });

  it("abort uploads that a crash left, once they are a day old", async () => {
    let stuck = () => {};
    async function* endless() {
      yield Buffer.alloc(9 * 2 ** 20);
      await new Promise<void>((resolve) => (stuck = resolve));
    }
    const abandoned = blobs.put(endless(), { maxBytes: 1e9 }).catch(() => {});
    await expect.poll(async () => (await server.look()).uploads).toHaveLength(1);
    await blobs.list(Date.now());
    expect((await server.look()).uploads).toHaveLength(1);
    await server.age(25 * 3_600_000);
    await blobs.list(Date.now());
    expect((await server.look()).uploads).toEqual([]);
    stuck();
    await abandoned;
  });

  it("give up a server that accepts and then says nothing, and say so", async () => {
    const held: Socket[] = [];
    const mute = createServer((socket) => void held.push(socket)).listen(0, "127.0.0.1");
    await once(mute, "listening");
    const endpoint = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    await expect(openS3Blobs({ ...credentials, endpoint, silenceMs: 50 })).rejects.toThrow(
      "does not answer (the object storage fell silent)",
    );
    for (const socket of held) socket.destroy();
    mute.close();
  });

  it("keep every key under its prefix, whatever characters it has, and refuse one that leads out of the bucket", async () => {
    const options = { ...credentials, endpoint: server.endpoint };
    const odd = await openS3Blobs({ ...options, prefix: "a?b#c+d %25ü/" });
    const { blobId } = await odd.put(chunks(Buffer.from("image"), 9), { maxBytes: 9 });
    expect((await server.look()).keys).toEqual([`a?b#c+d %25ü/${blobId}`]);
    expect(await odd.list(Date.now() + 1000)).toEqual([blobId]);
    await odd.delete([blobId]);
    expect((await server.look()).keys).toEqual([]);
    await odd.close();
    await expect(openS3Blobs({ ...options, prefix: "../other/" })).rejects.toThrow("prefix");
  });

  it("remove the copies that a killed process left, and do without a directory that was tidied away", async () => {
    const { blobId } = await blobs.put(chunks(Buffer.from("image"), 9), { maxBytes: 9 });
    const left = await mkdtemp(join(tmpdir(), "prosopon-images-"));
    await writeFile(join(left, "old"), "image");
    await writeFile(join(left, "young"), "image");
    const long = new Date(Date.now() - 2 * 3_600_000);
    await utimes(join(left, "old"), long, long);
    const file = (await blobs.open(blobId))!;
    await blobs.list(Date.now());
    expect(await readdir(left)).toEqual(["young"]);
    expect(await readFile(file.path, "utf8")).toBe("image");
    await file.release();

    await rm(left, { recursive: true });
    await rm(dirname(file.path), { recursive: true });
    const again = (await blobs.open(blobId))!;
    expect(await readFile(again.path, "utf8")).toBe("image");
    await again.release();
  });

  it("copy to a directory that is this user's alone, whoever takes its name once it was tidied away, and follow no link", async () => {
    const { blobId } = await blobs.put(chunks(Buffer.from("image"), 9), { maxBytes: 9 });
    const file = (await blobs.open(blobId))!;
    const directory = dirname(file.path);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    await file.release();

    const elsewhere = await mkdtemp(join(tmpdir(), "prosopon-elsewhere-"));
    await writeFile(join(elsewhere, "old"), "somebody's");
    const long = new Date(Date.now() - 2 * 3_600_000);
    await utimes(join(elsewhere, "old"), long, long);
    await rm(directory, { recursive: true });
    await symlink(elsewhere, directory);
    const again = (await blobs.open(blobId))!;
    expect(dirname(again.path)).not.toBe(directory);
    expect((await stat(dirname(again.path))).mode & 0o777).toBe(0o700);
    await again.release();
    await blobs.list(Date.now());
    expect(await readdir(elsewhere)).toEqual(["old"]);
    await rm(directory);
    await rm(elsewhere, { recursive: true });
  });
});
