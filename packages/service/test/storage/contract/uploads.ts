import { describe, expect, it } from "vitest";
import type { ImageRef } from "../../../src/storage/types.ts";
import type { Opened } from "../contract.ts";
import { claimOne, face, id, newAccount, defaultOf } from "../samples.ts";
import { perTest } from "./opened.ts";

export function uploadsContract(open: () => Promise<Opened>): void {
  describe("uploads", () => {
    const { current } = perTest(open);
    const image = { blobId: "big", size: 99 };

    it("serves several jobs while it lives, and none afterwards", async () => {
      const accountId = await newAccount(current());
      await current().uploads.create({ id: "u", accountId, image, expiresAt: 5000 });
      expect(await current().uploads.get(accountId, "u", 4999)).toEqual({
        id: "u",
        accountId,
        image,
        expiresAt: 5000,
      });
      const send = (now: number) =>
        current().jobs.enqueue({
          id: id("job"),
          accountId,
          payload: { kind: "search", images: [image], maxResult: 1 },
          uploadIds: ["u"],
          now,
        });
      await send(4000);
      await send(4001);
      await expect(send(5000)).rejects.toMatchObject({ code: "not-found" });
      expect(await current().uploads.get(accountId, "u", 5000)).toBeUndefined();
    });

    it("keeps the image of an expired upload until the jobs that need it have ended", async () => {
      const accountId = await newAccount(current());
      await current().uploads.create({ id: "u", accountId, image, expiresAt: 5000 });
      await current().uploads.create({
        id: "v",
        accountId,
        image: { blobId: "unused", size: 1 },
        expiresAt: 5000,
      });
      const payload = { kind: "search" as const, images: [image], maxResult: 1 };
      const job = await current().jobs.enqueue({
        id: id("job"),
        accountId,
        payload,
        uploadIds: ["u"],
        now: 4000,
      });
      expect(await current().uploads.sweep(4999)).toEqual([]);
      expect(await current().uploads.sweep(5000)).toEqual(["unused"]);
      expect(await current().referencedBlobs()).toEqual(new Set(["big"]));
      const { leaseId } = (await claimOne(current(), 5000))!;
      await current().jobs.finish({ jobId: job.id, leaseId }, { type: "answered", result: {} }, 5100);
      expect(await current().uploads.get(accountId, "u", 5100)).toBeUndefined();
      expect(await current().uploads.sweep(5100)).toEqual(["big"]);
      expect(await current().referencedBlobs()).toEqual(new Set());
    });

    const holding = async (accountId: string, images: ImageRef[] = [{ ...image, uploadId: "u" }]) => {
      const { collectionId } = await defaultOf(current(), accountId);
      const payload = { kind: "enrol" as const, images, collectionId };
      const job = { id: id("job"), accountId, payload, now: 1000 };
      await current().jobs.enqueue({ ...job, uploadIds: ["u"] });
      return job.id;
    };
    const end = async (jobId: string, deadUntil?: number) => {
      const { leaseId } = (await claimOne(current()))!;
      const outcome = { type: "failed" as const, error: "No.", ...(deadUntil && { deadUntil }) };
      await current().jobs.finish({ jobId, leaseId }, outcome, 2000);
    };

    it("are deleted at once, but not while a job needs them", async () => {
      const accountId = await newAccount(current());
      await current().uploads.create({ id: "u", accountId, image, expiresAt: 5000 });
      const jobId = await holding(accountId);
      expect(await current().uploads.delete(accountId, "u", 2000)).toEqual({
        deleted: false,
        reason: "needed",
      });
      await end(jobId);
      expect(await current().uploads.delete(accountId, "u", 2000)).toEqual({
        deleted: true,
        blobIds: ["big"],
      });
      expect(await current().referencedBlobs()).toEqual(new Set());
      expect(await current().accounts.usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
      for (const name of ["u", "no-such"])
        expect(await current().uploads.delete(accountId, name, 2000)).toEqual({
          deleted: false,
          reason: "unknown",
        });
      await expect(holding(accountId)).rejects.toMatchObject({ code: "not-found" });
    });

    it("are unknown to a deletion once they have expired", async () => {
      const accountId = await newAccount(current());
      await current().uploads.create({ id: "u", accountId, image, expiresAt: 5000 });
      expect(await current().uploads.delete(accountId, "u", 5000)).toEqual({
        deleted: false,
        reason: "unknown",
      });
    });

    it("take with them what a dead job kept of them: it cannot be retried from then on", async () => {
      const accountId = await newAccount(current());
      await current().uploads.create({ id: "u", accountId, image, expiresAt: 5000 });
      const own = { blobId: "own", size: 1 };
      const dead = await holding(accountId, [{ ...image, uploadId: "u" }, own]);
      await end(dead, 9000);
      expect(await current().uploads.delete(accountId, "u", 3000)).toMatchObject({ deleted: true });
      expect(await current().jobs.retry(accountId, dead, { id: "next", now: 3000 })).toEqual({
        retried: false,
        reason: "expired",
      });
      await current().jobs.expire(3000);
      expect(await current().referencedBlobs()).toEqual(new Set());
      expect(await current().accounts.usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
    });

    it("are never deleted from a job that is started at the same moment", async () => {
      const accountId = await newAccount(current());
      for (let round = 0; round < 8; round++) {
        await current().uploads.create({ id: "u", accountId, image, expiresAt: 5000 });
        const [deletion, job] = await Promise.allSettled([
          current().uploads.delete(accountId, "u", 2000),
          holding(accountId),
        ]);
        const deleted = deletion.status === "fulfilled" && deletion.value.deleted;
        expect(job.status).toBe(deleted ? "rejected" : "fulfilled");
        if (job.status === "fulfilled") {
          await end(job.value);
          expect(await current().uploads.delete(accountId, "u", 2000)).toMatchObject({ deleted: true });
        }
      }
    });

    it("go with the identity that was enrolled from them, out of other jobs' hands too", async () => {
      const accountId = await newAccount(current());
      await current().uploads.create({ id: "u", accountId, image, expiresAt: 5000 });
      await current().uploads.create({
        id: "other",
        accountId,
        image: { blobId: "another", size: 1 },
        expiresAt: 5000,
      });
      const jobId = await holding(accountId);
      const { leaseId } = (await claimOne(current()))!;
      const outcome = {
        type: "enrolled" as const,
        identityId: "i",
        metadata: {},
        faces: [face(1)],
        result: {},
      };
      await current().jobs.finish({ jobId, leaseId }, outcome, 2000);
      const second = await holding(accountId, [
        { ...image, uploadId: "u" },
        { blobId: "beside", size: 3 },
      ]);
      const { deleted, blobIds } = await current().identities.delete(accountId, ["i"], 3000);
      expect([deleted, blobIds.toSorted()]).toEqual([true, ["beside", "big"]]);
      expect(await current().jobs.get(accountId, second)).toMatchObject({
        status: "Failed",
        error: expect.stringContaining("erased"),
      });
      expect(await current().uploads.get(accountId, "u", 3000)).toBeUndefined();
      expect(await current().referencedBlobs()).toEqual(new Set(["another"]));
      expect(await current().accounts.usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 1 });
      const { events } = await current().events.since(accountId, 0, 99);
      expect(events.filter((event) => event.jobId === second).map(({ status }) => status)).toEqual([
        "Sent",
        "Failed",
      ]);
    });
  });
}
