import { describe, expect, it } from "vitest";
import type { JobPayload, Storage } from "../../../src/storage/types.ts";
import type { Opened } from "../contract.ts";
import { claimOne, enqueue, enrol, face, id, newAccount } from "../samples.ts";
import { perTest } from "./opened.ts";

const DAY = 24 * 60 * 60_000;
const KEEP = { limit: 10, leaseMs: 1000, maxAttempts: 2, keepDeadMs: DAY };
/** When the job that `die` gives has died. */
const DIED = 4000;

const photo = (): JobPayload => ({
  kind: "enrol",
  images: [{ blobId: id("blob"), size: 3 }],
  externalId: id("external"),
  metadata: { name: "Zoë" },
});
const blobOf = (payload: JobPayload) => payload.images[0]!.blobId;

/** A job of which two workers died. */
async function die(storage: Storage, accountId: string, payload: JobPayload): Promise<string> {
  const jobId = await enqueue(storage, accountId, payload);
  for (const now of [2000, 3000, DIED]) await storage.jobs.claim({ ...KEEP, now });
  return jobId;
}

export function deadJobsContract(open: () => Promise<Opened>): void {
  describe("dead jobs", () => {
    const { current, reopen } = perTest(open);
    const retry = (accountId: string, jobId: string, next = id("next"), now = 5000) =>
      current().jobs.retry(accountId, jobId, { id: next, now });
    const listed = async (accountId: string) =>
      (await current().jobs.list(accountId, { dead: true }, { limit: 9 })).items.map((job) => job.id);

    it("keep their images when their workers died too often, and are listed apart", async () => {
      const accountId = await newAccount(current());
      const payload = photo();
      const dead = await die(current(), accountId, payload);
      await enqueue(current(), accountId, photo());
      const storage = await reopen();
      expect(await storage.jobs.get(accountId, dead)).toMatchObject({
        status: "Failed",
        attempts: 2,
        finishedAt: DIED,
        dead: { until: DIED + DAY },
      });
      expect(await storage.referencedBlobs()).toContain(blobOf(payload));
      expect(await listed(accountId)).toEqual([dead]);
      expect(await listed(await newAccount(storage))).toEqual([]);
    });

    it("are those that a worker gave up too, and not those that failed for good", async () => {
      const accountId = await newAccount(current());
      const [spent, bad] = [photo(), photo()];
      const dead = await enqueue(current(), accountId, spent);
      const failed = await enqueue(current(), accountId, bad);
      for (const deadUntil of [9000, undefined]) {
        const { id: jobId, leaseId } = (await claimOne(current()))!;
        const outcome = { type: "failed" as const, error: "No.", ...(deadUntil && { deadUntil }) };
        expect(await current().jobs.finish({ jobId, leaseId }, outcome, 2500)).toEqual({
          finished: true,
          status: "Failed",
        });
      }
      expect((await current().jobs.get(accountId, dead))!.dead).toEqual({ until: 9000 });
      expect((await current().jobs.get(accountId, failed))!.dead).toBeUndefined();
      expect(await listed(accountId)).toEqual([dead]);
      expect(await current().referencedBlobs()).toEqual(new Set([blobOf(spent)]));
      expect(await retry(accountId, failed)).toEqual({ retried: false, reason: "not-dead" });
    });

    it("start anew as another job of the same payload, which takes the images; their own end stays", async () => {
      const accountId = await newAccount(current());
      const payload = photo();
      const dead = await die(current(), accountId, payload);
      const before = await current().events.head(accountId);
      expect(await retry(accountId, dead, "the-next")).toEqual({ retried: true, jobId: "the-next" });
      expect(await current().jobs.get(accountId, dead)).toMatchObject({
        status: "Failed",
        finishedAt: DIED,
        dead: { retriedAs: "the-next" },
      });
      const { events } = await current().events.since(accountId, before, 9);
      expect(events.map(({ jobId, status }) => [jobId, status])).toEqual([["the-next", "Sent"]]);
      const claimed = (await claimOne(current(), 5000))!;
      expect(claimed).toMatchObject({ id: "the-next", attempts: 1, createdAt: 5000, payload });
      expect(claimed.dead).toBeUndefined();
      const outcome = { type: "failed" as const, error: "No face." };
      await current().jobs.finish({ jobId: "the-next", leaseId: claimed.leaseId }, outcome, 5500);
      expect(await current().referencedBlobs()).toEqual(new Set());
    });

    it("are retried once, however often and by however many at once", async () => {
      const accountId = await newAccount(current());
      const dead = await die(current(), accountId, photo());
      const answers = await Promise.all(Array.from({ length: 8 }, () => retry(accountId, dead)));
      const first = answers[0]!;
      expect(first).toMatchObject({ retried: true });
      expect(answers).toEqual(answers.map(() => first));
      expect(await current().jobs.unfinished(accountId)).toHaveLength(1);
      await current().jobs.expire(DIED + DAY);
      expect(await retry(accountId, dead, "late", DIED + DAY)).toEqual(first);
      expect(await current().referencedBlobs()).toHaveProperty("size", 1);
    });

    it("may die again, and be retried again", async () => {
      const accountId = await newAccount(current());
      const dead = await die(current(), accountId, photo());
      await retry(accountId, dead, "second");
      for (const now of [6000, 7000, 8000]) await current().jobs.claim({ ...KEEP, now });
      expect(await retry(accountId, "second", "third", 9000)).toEqual({ retried: true, jobId: "third" });
      expect(await listed(accountId)).toEqual(["second", dead]);
    });

    it("are another account's to neither see nor retry", async () => {
      const dead = await die(current(), await newAccount(current()), photo());
      expect(await retry(await newAccount(current()), dead)).toEqual({ retried: false, reason: "unknown" });
      expect(await retry("nobody", dead)).toEqual({ retried: false, reason: "unknown" });
    });

    it("lose their images when their time is over, and cannot be retried from then on", async () => {
      const accountId = await newAccount(current());
      const payload = photo();
      const dead = await die(current(), accountId, payload);
      expect(await current().jobs.expire(DIED + DAY - 1)).toEqual([]);
      expect(await current().jobs.expire(DIED + DAY)).toEqual([blobOf(payload)]);
      expect(await current().referencedBlobs()).toEqual(new Set());
      expect(await retry(accountId, dead, "late", DIED + DAY)).toEqual({
        retried: false,
        reason: "expired",
      });
      expect(await listed(accountId)).toEqual([dead]);
    });

    it("let go of an upload's image without taking it from others", async () => {
      const accountId = await newAccount(current());
      const image = { blobId: id("blob"), size: 3 };
      await current().uploads.create({ id: id("upload"), accountId, image, expiresAt: 9 * DAY });
      await die(current(), accountId, { kind: "enrol", images: [image] });
      expect(await current().jobs.expire(DIED + DAY)).toEqual([]);
      expect(await current().uploads.sweep(9 * DAY)).toEqual([image.blobId]);
    });

    it("free their images with the identity they were about, and cannot be retried without it", async () => {
      const accountId = await newAccount(current());
      const { identityId } = await enrol(current(), accountId, [face(1)]);
      const payload: JobPayload = {
        kind: "add-images",
        images: [{ blobId: id("blob"), size: 3 }],
        identityId,
      };
      const dead = await die(current(), accountId, payload);
      const { blobIds } = await current().identities.delete(accountId, [identityId], 5000);
      expect(blobIds).toEqual([blobOf(payload)]);
      expect(await current().referencedBlobs()).toEqual(new Set());
      expect(await retry(accountId, dead)).toEqual({ retried: false, reason: "identity-gone" });
      expect((await current().jobs.get(accountId, dead))!.dead).toEqual({ until: 5000 });
    });

    it("leave nothing behind when an identity is deleted while its job is retried", async () => {
      const accountId = await newAccount(current());
      for (let round = 0; round < 5; round++) {
        const { identityId } = await enrol(current(), accountId, [face(1)]);
        const images = [{ blobId: id("blob"), size: 3 }];
        const dead = await die(current(), accountId, { kind: "add-images", images, identityId });
        const [{ blobIds }] = await Promise.all([
          current().identities.delete(accountId, [identityId], 5000),
          retry(accountId, dead),
        ]);
        expect(blobIds).toEqual([images[0]!.blobId]);
        expect(await current().jobs.unfinished(accountId)).toEqual([]);
      }
      expect(await current().referencedBlobs()).toEqual(new Set());
    });

    it("are forgotten like others, with the images they still keep", async () => {
      const accountId = await newAccount(current());
      const dead = await die(current(), accountId, photo());
      expect(await current().jobs.sweep(DIED + 1)).toBe(1);
      expect(await current().referencedBlobs()).toEqual(new Set());
      expect(await retry(accountId, dead)).toEqual({ retried: false, reason: "unknown" });
    });
  });
}
