import { describe, expect, it } from "vitest";
import type { JobPayload, Quotas, Storage } from "../../../src/storage/types.ts";
import type { Opened } from "../contract.ts";
import { claimOne, enqueue, enrol, enrolment, face, id, newAccount, nearestIn } from "../samples.ts";
import { perTest } from "./opened.ts";

const photos = (...sizes: number[]): JobPayload => ({
  kind: "enrol",
  images: sizes.map((size) => ({ blobId: id("blob"), size })),
});

export function quotasContract(open: () => Promise<Opened>): void {
  describe("quotas", () => {
    const { current, reopen } = perTest(open);
    const usage = (accountId: string) => current().accounts.usage(accountId);
    const send = (accountId: string, payload: JobPayload, quotas: Partial<Quotas>) =>
      current().jobs.enqueue({ id: id("job"), accountId, payload, now: 1000, quotas });
    const end = async (storage: Storage = current(), deadUntil?: number) => {
      const { id: jobId, leaseId } = (await claimOne(storage))!;
      const outcome = { type: "failed" as const, error: "No face.", ...(deadUntil && { deadUntil }) };
      await storage.jobs.finish({ jobId, leaseId }, outcome, 2000);
      return jobId;
    };

    it("let no more jobs wait than they say, however many are sent at once, and more when some have ended", async () => {
      const [accountId, other] = [await newAccount(current()), await newAccount(current())];
      const quotas = { unfinishedJobs: 3 };
      const answers = await Promise.allSettled(
        Array.from({ length: 40 }, () => send(accountId, enrolment, quotas)),
      );
      const refused = answers.filter((answer) => answer.status === "rejected");
      expect(refused).toHaveLength(37);
      for (const { reason } of refused)
        expect(reason).toMatchObject({
          code: "quota",
          message: expect.stringContaining("3 unfinished jobs"),
        });
      expect(await usage(accountId)).toEqual({ unfinishedJobs: 3, pendingBytes: 0 });
      expect(await current().jobs.unfinished(accountId)).toHaveLength(3);
      await send(other, enrolment, quotas);
      const first = await end();
      await send(accountId, enrolment, quotas);
      await expect(send(accountId, enrolment, quotas)).rejects.toMatchObject({ code: "quota" });
      // One that goes back to Sent has not ended.
      const { id: jobId, leaseId } = (await claimOne(current()))!;
      expect(jobId).not.toBe(first);
      await current().jobs.release({ jobId, leaseId }, { at: 0, countAttempt: true });
      await expect(send(accountId, enrolment, quotas)).rejects.toMatchObject({ code: "quota" });
    });

    it("leave nothing of a job that was refused, no image, event or turn", async () => {
      const accountId = await newAccount(current());
      await send(accountId, photos(5), { pendingBytes: 10 });
      const head = await current().events.head(accountId);
      await expect(send(accountId, photos(6), { pendingBytes: 10 })).rejects.toMatchObject({ code: "quota" });
      expect(await current().events.head(accountId)).toBe(head);
      expect(await current().referencedBlobs()).toHaveProperty("size", 1);
      expect((await current().jobs.list(accountId, {}, { limit: 9 })).items).toHaveLength(1);
    });

    it("count the bytes of images that jobs and uploads keep, each once", async () => {
      const accountId = await newAccount(current());
      const upload = {
        id: id("upload"),
        accountId,
        image: { blobId: id("blob"), size: 100 },
        expiresAt: 9000,
      };
      await current().uploads.create(upload);
      await send(accountId, photos(10, 20), {});
      for (let i = 0; i < 3; i++) {
        const images = [{ ...upload.image, uploadId: upload.id }];
        await current().jobs.enqueue({
          id: id("job"),
          accountId,
          payload: { kind: "search", images, maxResult: 1 },
          uploadIds: [upload.id],
          now: 1000,
        });
      }
      const storage = await reopen();
      expect(await storage.accounts.usage(accountId)).toEqual({ unfinishedJobs: 4, pendingBytes: 130 });
      for (let i = 0; i < 4; i++) await end(storage);
      expect(await storage.accounts.usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 100 });
      await storage.uploads.sweep(9000);
      expect(await storage.accounts.usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
    });

    it("bound those bytes for jobs and uploads, sent at once too, and tell what is over them by itself", async () => {
      const accountId = await newAccount(current());
      const quotas = { pendingBytes: 100 };
      const upload = (size: number) =>
        current().uploads.create(
          { id: id("upload"), accountId, image: { blobId: id("blob"), size }, expiresAt: 9000 },
          quotas,
        );
      const answers = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? upload(30) : send(accountId, photos(10, 20), quotas))),
      );
      expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
      expect(await usage(accountId)).toMatchObject({ pendingBytes: 90 });
      await expect(upload(11)).rejects.toMatchObject({
        code: "quota",
        message: expect.stringContaining("100 bytes"),
      });
      await expect(upload(101)).rejects.toMatchObject({ code: "too-large" });
      await expect(send(accountId, photos(60, 60), quotas)).rejects.toMatchObject({ code: "too-large" });
      await upload(10);
      // What needs no room of its own is still taken.
      await send(accountId, enrolment, quotas);
    });

    it("count a dead job's images until its time is over, and a retry of it as a job, its images once", async () => {
      const accountId = await newAccount(current());
      await send(accountId, photos(60), {});
      const dead = await end(current(), 5000);
      expect(await usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 60 });
      await send(accountId, enrolment, {});
      const retry = (quotas: Partial<Quotas>) =>
        current().jobs.retry(accountId, dead, { id: "next", now: 1900, quotas });
      await expect(retry({ unfinishedJobs: 1 })).rejects.toMatchObject({ code: "quota" });
      expect(await retry({ unfinishedJobs: 2, pendingBytes: 60 })).toEqual({ retried: true, jobId: "next" });
      expect(await retry({ unfinishedJobs: 2 })).toEqual({ retried: true, jobId: "next" });
      expect(await usage(accountId)).toEqual({ unfinishedJobs: 2, pendingBytes: 60 });
      await end();
      await end(current(), 5000);
      await current().jobs.expire(5000);
      expect(await usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
    });

    it("count nothing more of what went with an identity, or was forgotten with its job", async () => {
      const accountId = await newAccount(current());
      const { identityId } = await enrol(current(), accountId, [face(1)]);
      const payload = (size: number): JobPayload => ({
        ...photos(size),
        kind: "add-images",
        identityId,
      });
      await send(accountId, payload(10), {});
      await end(current(), 5000);
      await send(accountId, payload(20), {});
      await current().identities.delete(accountId, [identityId], 3000);
      expect(await usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
      await send(accountId, photos(40), {});
      await end(current(), 5000);
      await current().jobs.sweep(4000);
      expect(await usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
    });

    it("end a job Failed, with nothing of it written, that would add too many identities or faces", async () => {
      const accountId = await newAccount(current());
      const { identityId } = await enrol(current(), accountId, [face(1)]);
      const finish = async (
        outcome: "enrolled" | "faces-added",
        seeds: number[],
        quotas: Partial<Quotas>,
      ) => {
        const jobId = await enqueue(
          current(),
          accountId,
          outcome === "enrolled" ? enrolment : { kind: "add-images", images: [], identityId },
        );
        const { leaseId } = (await claimOne(current()))!;
        const faces = seeds.map((seed) => face(seed));
        const { status } = (await current().jobs.finish(
          { jobId, leaseId },
          outcome === "enrolled"
            ? { type: outcome, identityId: id("identity"), metadata: {}, faces, result: {} }
            : { type: outcome, identityId, faces, result: {}, goneError: "gone" },
          2000,
          quotas,
        )) as { status: string };
        return [status, (await current().jobs.get(accountId, jobId))!.error];
      };
      const [status, error] = await finish("enrolled", [2], { identities: 1 });
      expect([status, error]).toEqual(["Failed", expect.stringContaining("quota of 1 identities")]);
      expect(await finish("faces-added", [3, 4], { faces: 2 })).toEqual([
        "Failed",
        expect.stringContaining("quota of 2 faces"),
      ]);
      expect(await finish("enrolled", [3, 4], { identities: 9, faces: 2 })).toEqual([
        "Failed",
        expect.stringContaining("2 faces"),
      ]);
      expect(await current().identities.count(accountId)).toEqual({ identities: 1, faces: 1 });
      expect(await nearestIn(current(), accountId, face(2).embedding, 9)).toHaveLength(1);
      expect(await finish("faces-added", [5], { identities: 1, faces: 2 })).toEqual(["Succeeded", undefined]);
      expect(await finish("enrolled", [6], { identities: 2, faces: 3 })).toEqual(["Succeeded", undefined]);
      expect(await current().identities.count(accountId)).toEqual({ identities: 2, faces: 3 });
    });

    it("keep to the number of identities when many enrolments end at once", async () => {
      const accountId = await newAccount(current());
      for (let i = 0; i < 12; i++) await enqueue(current(), accountId, enrolment);
      const jobs = await current().jobs.claim({ limit: 12, leaseMs: 1000, maxAttempts: 3, now: 2000 });
      const answers = await Promise.all(
        jobs.map(({ id: jobId, leaseId }, seed) =>
          current().jobs.finish(
            { jobId, leaseId },
            { type: "enrolled", identityId: id("identity"), metadata: {}, faces: [face(seed)], result: {} },
            2000,
            { identities: 5 },
          ),
        ),
      );
      expect(answers.filter((answer) => answer.finished && answer.status === "Succeeded")).toHaveLength(5);
      expect(await current().identities.count(accountId)).toEqual({ identities: 5, faces: 5 });
      expect(await usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
    });
  });
}
