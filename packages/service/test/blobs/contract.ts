import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BlobStore } from "../../src/blobs/types.ts";

export interface OpenedBlobs {
  blobs: BlobStore;
  cleanup(): Promise<void>;
}

export async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What every blob store promises. `open` gives an empty one each time. */
export function blobContract(name: string, open: () => Promise<OpenedBlobs>): void {
  describe(`${name} blobs`, () => {
    let opened: OpenedBlobs;
    let blobs: BlobStore;
    beforeEach(async () => {
      opened = await open();
      blobs = opened.blobs;
    });
    afterEach(() => opened.cleanup());
    const everything = () => blobs.list(Date.now() + 60_000);

    it("gives back what was put, with its size and its first 64 KiB", async () => {
      const bytes = new Uint8Array(randomBytes(300_001));
      const { blobId, size, head } = await blobs.put(chunks(bytes, 7_777), { maxBytes: 300_001 });
      expect(size).toBe(300_001);
      expect(Buffer.compare(head, bytes.subarray(0, 65_536))).toBe(0);
      const file = (await blobs.open(blobId))!;
      expect(Buffer.compare(await readFile(file.path), bytes)).toBe(0);
      await file.release();
      const small = await blobs.put(chunks(bytes.subarray(0, 5), 2), { maxBytes: 5 });
      expect(Buffer.compare(small.head, bytes.subarray(0, 5))).toBe(0);
      expect((await blobs.put(chunks(bytes.subarray(0, 0), 1), { maxBytes: 5 })).size).toBe(0);
    });

    it("has what need not be durable there at once, and flushes and erases it as all else", async () => {
      const put = (durable: boolean) => blobs.put(chunks(Buffer.from("image"), 3), { maxBytes: 9, durable });
      const [{ blobId }, { blobId: kept }] = [await put(false), await put(true)];
      await blobs.flush([blobId, kept]);
      await blobs.flush([]);
      for (const id of [blobId, kept]) {
        const file = (await blobs.open(id))!;
        expect(await readFile(file.path, "utf8")).toBe("image");
        await file.release();
      }
      const { blobId: never } = await put(false);
      await blobs.delete([never, kept]);
      expect(await everything()).toEqual([blobId]);
    });

    it("keeps an id that it is given, and replaces what lies under it", async () => {
      const { blobId } = await blobs.put(chunks(Buffer.from("before"), 3), { maxBytes: 100 });
      const again = await blobs.put(chunks(Buffer.from("after it"), 3), { maxBytes: 100, blobId });
      expect(again).toMatchObject({ blobId, size: 8 });
      const file = (await blobs.open(blobId))!;
      expect(await readFile(file.path, "utf8")).toBe("after it");
      await file.release();
      expect(await everything()).toEqual([blobId]);
    });

    it("stops at the first byte too many and leaves nothing", async () => {
      let given = 0;
      async function* endless() {
        for (;;) yield Buffer.alloc(((given += 1000), 1000));
      }
      await expect(blobs.put(endless(), { maxBytes: 10_000 })).rejects.toMatchObject({
        name: "BlobTooLargeError",
      });
      expect(given).toBeLessThan(200_000);
      expect(await everything()).toEqual([]);
    });

    it("leaves nothing of a stream that breaks or is aborted", async () => {
      async function* broken() {
        yield Buffer.alloc(1000);
        throw new Error("connection lost");
      }
      await expect(blobs.put(broken(), { maxBytes: 10_000 })).rejects.toThrow("connection lost");
      async function* stuck() {
        yield Buffer.alloc(1000);
        await sleep(300);
        yield Buffer.alloc(1000);
      }
      await expect(
        blobs.put(stuck(), { maxBytes: 10_000, signal: AbortSignal.timeout(30) }),
      ).rejects.toThrow();
      await expect(blobs.put(stuck(), { maxBytes: 10_000, signal: AbortSignal.abort() })).rejects.toThrow();
      expect(await everything()).toEqual([]);
    });

    it("takes no more of a stream than it can write", async () => {
      let given = 0;
      async function* source() {
        for (let i = 0; i < 400; i++) {
          given += 1_000_000;
          yield Buffer.alloc(1_000_000);
        }
      }
      const before = process.memoryUsage().rss;
      let peak = 0;
      const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5);
      const { blobId, size } = await blobs.put(source(), { maxBytes: 1e9 });
      clearInterval(watch);
      expect(size).toBe(given);
      expect(peak - before).toBeLessThan(100 * 2 ** 20);
      await blobs.delete([blobId]);
    });

    it("erases what it is told to, and ignores ids it does not know", async () => {
      const [one, two] = [
        await blobs.put(chunks(Buffer.from("one"), 9), { maxBytes: 9 }),
        await blobs.put(chunks(Buffer.from("two"), 9), { maxBytes: 9 }),
      ];
      await blobs.delete([one.blobId, "unknown", "../../etc/passwd", one.blobId]);
      expect(await blobs.open(one.blobId)).toBeUndefined();
      expect(await everything()).toEqual([two.blobId]);
    });

    it("opens nothing by a name that is a path", async () => {
      for (const name of ["", ".", "..", "../lock.db", "/etc/passwd", "a\0b"])
        expect(await blobs.open(name)).toBeUndefined();
    });

    it("lists blobs by age, for the sweep of orphans", async () => {
      const { blobId } = await blobs.put(chunks(Buffer.from("x"), 9), { maxBytes: 9 });
      expect(await blobs.list(Date.now() - 60_000)).toEqual([]);
      expect(await everything()).toEqual([blobId]);
    });

    it("has a mark that stays, is whole or not there, and is no blob", async () => {
      const { mark } = blobs;
      expect([await mark.read(), await mark.isEmpty()]).toEqual([undefined, true]);
      await Promise.all(["one\n", "two\n", "three\n"].map((text) => mark.write(text)));
      const text = await mark.read();
      expect(["one\n", "two\n", "three\n"]).toContain(text);
      await mark.write("later\n");
      expect(await mark.read()).toBe(text);
      await mark.write("instead\n", { replace: true });
      expect([await mark.read(), await mark.isEmpty()]).toEqual(["instead\n", true]);
      expect(mark.fresh()).toMatch(/^[A-Za-z0-9_-]{32}$/);
      expect(await everything()).toEqual([]);
      await blobs.put(chunks(Buffer.from("x"), 9), { maxBytes: 9 });
      expect(await mark.isEmpty()).toBe(false);
      await blobs.present();
    });

    it("names blobs so that none can be guessed", async () => {
      const put = () => blobs.put(chunks(Buffer.from("same"), 9), { maxBytes: 9 });
      const ids = (await Promise.all([put(), put(), put()])).map(({ blobId }) => blobId);
      expect(new Set(ids).size).toBe(3);
      for (const blobId of ids) expect(blobId).toMatch(/^prosopon_[A-Za-z0-9_-]{23}$/);
    });
  });
}
