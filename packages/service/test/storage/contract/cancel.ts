import { describe, expect, it } from "vitest";
import type { JobPayload } from "../../../src/storage/types.ts";
import type { Opened } from "../contract.ts";
import { claimOne, enqueue, enrol, face, id, newAccount } from "../samples.ts";
import { perTest } from "./opened.ts";

export function cancelContract(open: () => Promise<Opened>): void {
  describe("jobs.cancel", () => {
    const { current } = perTest(open);
    const image = () => ({ blobId: id("blob"), size: 5 });
    const payload = (): JobPayload => ({ kind: "enrol", images: [image(), image()] });
    const told = async (accountId: string, jobId: string) =>
      (await current().events.since(accountId, 0, 99)).events
        .filter((event) => event.jobId === jobId)
        .map(({ status }) => status);

    it("ends a job that waits, tells it once, and gives its images back; asked again, the answer is the same", async () => {
      const accountId = await newAccount(current());
      const images = [image(), image()];
      const jobId = await enqueue(current(), accountId, { kind: "enrol", images });
      const ended = {
        id: jobId,
        status: "Failed",
        error: expect.stringMatching(/^cancelled/),
        finishedAt: 3000,
      };
      expect(await current().jobs.cancel(accountId, jobId, 3000)).toMatchObject({
        cancelled: true,
        job: ended,
        blobIds: expect.arrayContaining(images.map(({ blobId }) => blobId)),
      });
      expect(await current().jobs.cancel(accountId, jobId, 4000)).toMatchObject({
        cancelled: true,
        job: ended,
        blobIds: [],
      });
      expect(await told(accountId, jobId)).toEqual(["Sent", "Failed"]);
      expect(await current().referencedBlobs()).toEqual(new Set());
      expect(await current().accounts.usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
      expect(await claimOne(current(), 9000)).toBeUndefined();
      expect(await current().jobs.retry(accountId, jobId, { id: "next", now: 4000 })).toMatchObject({
        retried: false,
      });
    });

    it("takes the lease from whoever works on it: nothing of it is written from then on", async () => {
      const accountId = await newAccount(current());
      const jobId = await enqueue(current(), accountId, payload());
      const { leaseId } = (await claimOne(current()))!;
      expect(await current().jobs.cancel(accountId, jobId, 2500)).toMatchObject({ cancelled: true });
      expect(await current().jobs.renew([{ jobId, leaseId }], 9000)).toEqual([]);
      const outcome = {
        type: "enrolled" as const,
        identityId: "i",
        metadata: {},
        faces: [face(1)],
        result: {},
      };
      expect(await current().jobs.finish({ jobId, leaseId }, outcome, 2600)).toEqual({ finished: false });
      await current().jobs.release({ jobId, leaseId }, { at: 0, countAttempt: true });
      expect(await current().identities.count(accountId)).toEqual({ identities: 0, faces: 0 });
      expect(await told(accountId, jobId)).toEqual(["Sent", "Started", "Failed"]);
      expect((await current().jobs.get(accountId, jobId))!.status).toBe("Failed");
    });

    it("has one end, whether it or the worker was first", async () => {
      const accountId = await newAccount(current());
      for (let round = 0; round < 10; round++) {
        const jobId = await enqueue(current(), accountId, payload());
        const { leaseId } = (await claimOne(current()))!;
        const outcome = {
          type: "enrolled" as const,
          identityId: id("i"),
          metadata: {},
          faces: [face(1)],
          result: {},
        };
        const before = (await current().identities.count(accountId)).identities;
        const [cancelled, finished] = await Promise.all([
          current().jobs.cancel(accountId, jobId, 2500),
          current().jobs.finish({ jobId, leaseId }, outcome, 2500),
        ]);
        expect(finished.finished).toBe(!cancelled.cancelled);
        const { identities } = await current().identities.count(accountId);
        expect(identities - before).toBe(cancelled.cancelled ? 0 : 1);
        expect(await told(accountId, jobId)).toEqual([
          "Sent",
          "Started",
          cancelled.cancelled ? "Failed" : "Succeeded",
        ]);
      }
    });

    it("leaves one alone that has ended, or died", async () => {
      const accountId = await newAccount(current());
      const { jobId } = await enrol(current(), accountId, [face(1)]);
      expect(await current().jobs.cancel(accountId, jobId, 3000)).toMatchObject({
        cancelled: false,
        reason: "ended",
        job: { status: "Succeeded" },
      });
      expect(await current().jobs.cancel(accountId, "no-such", 3000)).toEqual({
        cancelled: false,
        reason: "unknown",
      });
    });

    it("leaves an upload's image to the upload", async () => {
      const accountId = await newAccount(current());
      const upload = image();
      await current().uploads.create({ id: "u", accountId, image: upload, expiresAt: 9000 });
      const images = [{ ...upload, uploadId: "u" }];
      const jobId = await enqueue(current(), accountId, { kind: "search", images, maxResult: 1 });
      expect(await current().jobs.cancel(accountId, jobId, 3000)).toMatchObject({
        cancelled: true,
        blobIds: [],
      });
      expect(await current().referencedBlobs()).toEqual(new Set([upload.blobId]));
    });
  });
}
