import { describe, expect, it } from "vitest";
import type { JobPayload } from "../../../src/storage/types.ts";
import type { Opened } from "../contract.ts";
import {
  candidates,
  candidatesIn,
  claimOne,
  enqueue,
  enrol,
  enrolment,
  face,
  newAccount,
} from "../samples.ts";
import { perTest } from "./opened.ts";

const search: JobPayload = { kind: "search", images: [], maxResult: 10 };

export function jobsContract(open: () => Promise<Opened>): void {
  describe("jobs", () => {
    const { current } = perTest(open);

    it("refuses a job for an identity that does not exist", async () => {
      const accountId = await newAccount(current());
      for (const kind of ["recognize", "add-images"] as const) {
        await expect(
          enqueue(current(), accountId, { kind, images: [], identityId: "nobody" }),
        ).rejects.toMatchObject({ code: "not-found" });
      }
      expect(await current().jobs.nextDue(0)).toBeUndefined();
    });

    it("lists newest first, page by page, missing and repeating none while jobs come and go", async () => {
      const accountId = await newAccount(current());
      const ids: string[] = [];
      for (let i = 0; i < 9; i++)
        ids.push(await enqueue(current(), accountId, search, 1000 + Math.floor(i / 3)));
      const first = await current().jobs.list(accountId, {}, { limit: 4 });
      await enqueue(current(), accountId, search, 5000);
      const second = await current().jobs.list(accountId, {}, { limit: 4, cursor: first.nextCursor! });
      const third = await current().jobs.list(accountId, {}, { limit: 4, cursor: second.nextCursor! });
      expect(third.nextCursor).toBeUndefined();
      const seen = [...first.items, ...second.items, ...third.items];
      expect(seen.map((job) => job.id).toSorted()).toEqual(ids.toSorted());
      expect(seen.map((job) => job.createdAt)).toEqual(
        seen.map((job) => job.createdAt).toSorted((a, b) => b - a),
      );
    });

    it("filters by status and kind", async () => {
      const accountId = await newAccount(current());
      const [a, b] = [
        await enqueue(current(), accountId, search),
        await enqueue(current(), accountId, enrolment),
      ];
      await claimOne(current());
      const list = async (filter: Parameters<ReturnType<typeof current>["jobs"]["list"]>[1]) =>
        (await current().jobs.list(accountId, filter, { limit: 9 })).items.map((job) => job.id);
      expect(await list({ status: "Started" })).toEqual([a]);
      expect(await list({ kind: "enrol" })).toEqual([b]);
      expect(await list({ kind: "enrol", status: "Failed" })).toEqual([]);
    });

    it("refuses a cursor that it did not give", async () => {
      const accountId = await newAccount(current());
      for (const cursor of ["", "garbage", "'; DROP TABLE jobs; --"]) {
        await expect(current().jobs.list(accountId, {}, { limit: 1, cursor })).rejects.toMatchObject({
          code: "bad-cursor",
        });
      }
    });

    it("names unfinished jobs oldest first, and the images that are still needed", async () => {
      const accountId = await newAccount(current());
      const first = await enqueue(current(), accountId, { ...search, images: [{ blobId: "a", size: 1 }] });
      const second = await enqueue(current(), accountId, {
        ...enrolment,
        images: [{ blobId: "b", size: 1 }],
      });
      expect((await current().jobs.unfinished(accountId)).map((job) => job.id)).toEqual([first, second]);
      expect(await current().referencedBlobs()).toEqual(new Set(["a", "b"]));
      const { leaseId } = (await claimOne(current()))!;
      await current().jobs.finish({ jobId: first, leaseId }, { type: "failed", error: "No face." }, 2000);
      expect((await current().jobs.unfinished(accountId)).map((job) => job.id)).toEqual([second]);
      expect(await current().referencedBlobs()).toEqual(new Set(["b"]));
    });

    it("leaves a candidate that was deleted meanwhile out of a search's answer", async () => {
      const accountId = await newAccount(current());
      const [a, b, c] = [
        await enrol(current(), accountId, [face(1)]),
        await enrol(current(), accountId, [face(2)]),
        await enrol(current(), accountId, [face(3)]),
      ];
      const jobId = await enqueue(current(), accountId, search);
      const { leaseId } = (await claimOne(current()))!;
      await current().identities.delete(accountId, [b.identityId], 2000);
      const result = candidates(a.identityId, b.identityId, c.identityId);
      await current().jobs.finish({ jobId, leaseId }, { type: "answered", result }, 2100);
      const kept = candidatesIn((await current().jobs.get(accountId, jobId))!.result);
      expect(kept.map((candidate) => candidate.identity_id)).toEqual([a.identityId, c.identityId]);
      expect(kept[0]!.margin).toBeCloseTo(0.2);
      expect(kept[1]!.margin).toBeUndefined();
    });

    it("sweeps jobs that ended before a time, and no others", async () => {
      const accountId = await newAccount(current());
      const old = await enrol(current(), accountId, [face(1)], { now: 2000 });
      const recent = await enrol(current(), accountId, [face(2)], { now: 3000 });
      const waiting = await enqueue(current(), accountId, search, 1000);
      expect(await current().jobs.sweep(3000)).toBe(1);
      expect(await current().jobs.get(accountId, old.jobId)).toBeUndefined();
      expect(await current().jobs.get(accountId, recent.jobId)).toBeDefined();
      expect(await current().jobs.get(accountId, waiting)).toBeDefined();
      expect(await current().identities.get(accountId, old.identityId)).toBeDefined();
    });
  });
}
