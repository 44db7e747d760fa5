import { describe, expect, it } from "vitest";
import { COLLECTION_GONE } from "../../../src/storage/rules/collections.ts";
import { IDENTITY_GONE } from "../../../src/storage/rules/ends.ts";
import type { JobPayload, LookupOutcome, StoredEvent } from "../../../src/storage/types.ts";
import type { Opened } from "../contract.ts";
import {
  candidates,
  candidatesIn,
  claimOne,
  defaultOf,
  enqueue,
  enrol,
  face,
  id,
  newAccount,
  settings,
} from "../samples.ts";
import { perTest } from "./opened.ts";

const images = [{ blobId: "b", size: 9 }];
const search: JobPayload = { kind: "search", images, maxResult: 10 };
const nobody: LookupOutcome = { type: "answered", result: { images: [], candidates: [] } };

export function recordContract(open: () => Promise<Opened>): void {
  describe("jobs.record", () => {
    const { current, reopen } = perTest(open);

    const record = (accountId: string, payload = search, outcome = nobody) =>
      current().jobs.record({
        id: id("job"),
        accountId,
        payload,
        outcome,
        createdAt: 1000,
        startedAt: 1001,
        now: 1040,
      });

    it("writes a job as it ended, tells it once, and leaves nothing to be done", async () => {
      const accountId = await newAccount(current());
      const told: StoredEvent[] = [];
      let woken = 0;
      const stop = [
        current().events.listen((event) => told.push(event)),
        current().events.onDue(() => (woken += 1)),
      ];
      const job = await record(accountId);
      stop.forEach((end) => end());
      expect(job).toEqual({
        id: job.id,
        accountId,
        kind: "search",
        status: "Succeeded",
        payload: search,
        attempts: 1,
        result: nobody.type === "answered" && nobody.result,
        createdAt: 1000,
        startedAt: 1001,
        finishedAt: 1040,
      });
      const event = { seq: 1, accountId, jobId: job.id, status: "Succeeded" };
      expect([told, woken]).toEqual([[event], 0]);
      expect(await current().accounts.usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
      expect(await current().referencedBlobs()).toEqual(new Set());
      expect(await claimOne(current(), 9000)).toBeUndefined();
      expect(await current().jobs.cancel(accountId, job.id, 2000)).toMatchObject({ reason: "ended" });
      const storage = await reopen();
      expect(await storage.jobs.get(accountId, job.id)).toEqual(job);
      expect(await storage.events.since(accountId, 0, 9)).toEqual({ events: [event], complete: true });
      expect(await storage.jobs.sweep(2000)).toBe(1);
      expect(await storage.jobs.get(accountId, job.id)).toBeUndefined();
    });

    it("writes why it failed", async () => {
      const accountId = await newAccount(current());
      const job = await record(accountId, search, { type: "failed", error: "image 1: no face found" });
      expect(job).toMatchObject({ status: "Failed", error: "image 1: no face found" });
      expect(job).not.toHaveProperty("dead");
      const { items } = await current().jobs.list(accountId, { status: "Failed" }, { limit: 9 });
      expect(items).toEqual([job]);
    });

    it("is of no other account, and of none that is not there", async () => {
      const [own, other] = [await newAccount(current()), await newAccount(current())];
      const job = await record(own);
      expect(await current().jobs.get(other, job.id)).toBeUndefined();
      expect(await current().events.head(other)).toBe(0);
      await expect(record("nobody")).rejects.toMatchObject({ code: "not-found" });
    });

    it("leaves out whom a deletion took meanwhile, and is reached by one that comes later", async () => {
      const accountId = await newAccount(current());
      const [a, b] = [
        await enrol(current(), accountId, [face(1)]),
        await enrol(current(), accountId, [face(2)]),
      ];
      const gone = await enrol(current(), accountId, [face(3)]);
      await current().identities.delete(accountId, [gone.identityId], 2000);
      const result = candidates(a.identityId, gone.identityId, b.identityId);
      const payload = { ...search, ...(await defaultOf(current(), accountId)) };
      const job = await record(accountId, payload, { type: "answered", result });
      const named = (of = job) => candidatesIn(of.result).map(({ identity_id }) => identity_id);
      expect(named()).toEqual([a.identityId, b.identityId]);
      await current().identities.delete(accountId, [a.identityId], 2000);
      expect(named(await current().jobs.get(accountId, job.id))).toEqual([b.identityId]);
    });

    it("is forgotten with the identity that it is about", async () => {
      const accountId = await newAccount(current());
      const { identityId } = await enrol(current(), accountId, [face(1)]);
      const payload: JobPayload = { kind: "recognize", images, identityId };
      const job = await record(accountId, payload, {
        type: "answered",
        identityId,
        result: { match: { identity_id: identityId } },
      });
      expect(job).toMatchObject({ status: "Succeeded", identityId });
      await current().identities.delete(accountId, [identityId], 2000);
      const after = await current().jobs.get(accountId, job.id);
      expect(after).toMatchObject({ status: "Succeeded", payload: { kind: "recognize", images: [] } });
      expect(after).not.toHaveProperty("result");
    });

    it("fails a job whose identity or collection was deleted, or is elsewhere", async () => {
      const accountId = await newAccount(current());
      const made = id("collection");
      await current().collections.create({
        id: made,
        accountId,
        name: "staff",
        settings,
        createdAt: 1,
        updatedAt: 1,
      });
      const { identityId } = await enrol(current(), accountId, [face(1)]);
      const about: JobPayload = { kind: "recognize", images, identityId };
      const answer: LookupOutcome = { ...nobody, type: "answered", result: { match: {} }, identityId };
      const lost = { status: "Failed", error: IDENTITY_GONE };
      expect(await record(accountId, { ...about, collectionId: made }, answer)).toMatchObject(lost);
      expect(await record(accountId, { ...search, collectionId: made })).toMatchObject({
        status: "Succeeded",
      });
      await current().identities.delete(accountId, [identityId], 2000);
      await current().collections.delete({ accountId, collectionId: made }, 2000);
      const failed = [
        await record(accountId, about, answer),
        await record(accountId, { ...search, collectionId: made }),
      ];
      expect(failed).toMatchObject([lost, { status: "Failed", error: COLLECTION_GONE }]);
      for (const job of failed) expect(job).not.toHaveProperty("result");
    });

    it("takes the turns of its account, as a job that waits does", async () => {
      const [loud, quiet] = [await newAccount(current()), await newAccount(current())];
      for (let i = 0; i < 5; i++) await record(loud);
      const turn = await current().jobs.turn(loud, "search");
      await enqueue(current(), loud, search);
      await enqueue(current(), quiet, search);
      expect((await claimOne(current()))!.accountId).toBe(quiet);
      expect(await claimOne(current())).toMatchObject({ accountId: loud, turn });
      expect(await current().jobs.turn(loud, "search")).toBeGreaterThan(turn);
    });
  });
}
