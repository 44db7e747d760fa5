import { describe, expect, it } from "vitest";
import type { Collection } from "../../../src/storage/types.ts";
import type { Opened } from "../contract.ts";
import {
  candidates,
  claimOne,
  defaultOf,
  embedding,
  enqueue,
  enrol,
  face,
  id,
  newAccount,
  settings,
} from "../samples.ts";
import { perTest } from "./opened.ts";

export function collectionsContract(open: () => Promise<Opened>): void {
  describe("collections", () => {
    const { current, reopen } = perTest(open);

    async function make(accountId: string, name: string, createdAt = 1000): Promise<Collection> {
      const collection = { id: id("collection"), accountId, name, settings, createdAt, updatedAt: createdAt };
      await current().collections.create(collection);
      return collection;
    }
    const key = ({ accountId, id: collectionId }: Collection) => ({ accountId, collectionId });

    it("are found by id and by name, with how many people they have, also after a reopening", async () => {
      const accountId = await newAccount(current());
      const staff = await make(accountId, "Stäff ☃");
      await enrol(current(), accountId, [face(1), face(2)], { collectionId: staff.id });
      await enrol(current(), accountId, [face(3)]);
      const storage = await reopen();
      const found = { ...staff, identities: 1, faces: 2 };
      expect(await storage.collections.get(accountId, staff.id)).toEqual(found);
      expect(await storage.collections.get(accountId, staff.name)).toEqual(found);
      expect(await storage.collections.get(accountId, "default")).toMatchObject({ identities: 1, faces: 1 });
      expect(await storage.collections.get(accountId, "nobody")).toBeUndefined();
      expect(await storage.identities.count(accountId)).toEqual({ identities: 2, faces: 3 });
    });

    it("are listed page by page, newest first", async () => {
      const accountId = await newAccount(current());
      for (let i = 0; i < 5; i++) await make(accountId, `c${i}`, 2000 + i);
      const first = await current().collections.list(accountId, { limit: 4 });
      const { nextCursor: cursor = "" } = first;
      const rest = await current().collections.list(accountId, { limit: 4, cursor });
      expect([...first.items, ...rest.items].map(({ name }) => name)).toEqual([
        "c4",
        "c3",
        "c2",
        "c1",
        "c0",
        "default",
      ]);
      expect(rest.nextCursor).toBeUndefined();
    });

    it("have names of their own in the account, as many as the quota allows", async () => {
      const [accountId, other] = [await newAccount(current()), await newAccount(current())];
      const staff = await make(accountId, "staff");
      await expect(make(accountId, "staff")).rejects.toMatchObject({ code: "conflict" });
      await expect(make(accountId, "default")).rejects.toMatchObject({ code: "conflict" });
      await make(other, "staff");
      const more = await make(accountId, "more");
      await expect(current().collections.update(key(more), { name: "staff" }, 2000)).rejects.toMatchObject({
        code: "conflict",
      });
      await expect(
        current().collections.create({ ...staff, id: "next", name: "next" }, { collections: 3 }),
      ).rejects.toMatchObject({ code: "quota" });
      expect(await current().collections.get(accountId, "next")).toBeUndefined();
    });

    it("change one setting and keep the others; `default` keeps its name and stays", async () => {
      const accountId = await newAccount(current());
      const standing = await defaultOf(current(), accountId);
      expect(
        await current().collections.update(standing, { settings: { guardMixed: "reject" } }, 2000),
      ).toMatchObject({ settings: { ...settings, guardMixed: "reject" }, updatedAt: 2000 });
      await expect(current().collections.update(standing, { name: "x" }, 2000)).rejects.toMatchObject({
        code: "conflict",
      });
      await expect(current().collections.delete(standing, 2000)).rejects.toMatchObject({ code: "conflict" });
      const staff = await make(accountId, "staff");
      await current().collections.update(key(staff), { name: "crew" }, 3000);
      expect(await current().collections.get(accountId, "crew")).toMatchObject({ id: staff.id });
      expect(await current().collections.get(accountId, "staff")).toBeUndefined();
    });

    it("are searched and listed apart, and may use the same external ids", async () => {
      const accountId = await newAccount(current());
      const [standing, staff] = [await defaultOf(current(), accountId), await make(accountId, "staff")];
      const one = await enrol(current(), accountId, [face(1)], { externalId: "x" });
      const two = await enrol(current(), accountId, [face(1)], { externalId: "x", collectionId: staff.id });
      for (const [where, { identityId }] of [
        [standing, one],
        [key(staff), two],
      ] as const) {
        const { nearest, list, get } = current().identities;
        expect(await nearest(where, embedding(1), 9)).toMatchObject([{ identityId }]);
        expect((await list(where, {}, { limit: 9 })).items).toMatchObject([{ id: identityId }]);
        expect((await list(where, { externalId: "x" }, { limit: 9 })).items).toHaveLength(1);
        expect(await get(accountId, identityId)).toMatchObject({ collectionId: where.collectionId });
      }
      const third = await enrol(current(), accountId, [face(3)], { collectionId: staff.id });
      await expect(
        current().identities.patch(accountId, third.identityId, { externalId: "x" }, 3000),
      ).rejects.toMatchObject({ code: "conflict" });
      // Another collection's identity is an unknown one to whoever names the collection.
      const { collectionId } = standing;
      expect(
        await current().identities.delete(accountId, [one.identityId, two.identityId], 3000, collectionId),
      ).toMatchObject({ deleted: false, missing: [two.identityId] });
      await expect(
        enqueue(current(), accountId, {
          kind: "recognize",
          images: [],
          identityId: two.identityId,
          collectionId,
        }),
      ).rejects.toMatchObject({ code: "not-found" });
    });

    it("of another account are unknown ones, wherever they are named", async () => {
      const [owner, stranger] = [await newAccount(current()), await newAccount(current())];
      const staff = await make(owner, "staff");
      await enrol(current(), owner, [face(1)], { collectionId: staff.id });
      const theirs = { accountId: stranger, collectionId: staff.id };
      const { collections, identities } = current();
      expect(await collections.get(stranger, staff.id)).toBeUndefined();
      expect(await collections.get(stranger, "staff")).toBeUndefined();
      expect(await collections.update(theirs, { name: "mine" }, 2000)).toBeUndefined();
      expect(await collections.delete(theirs, 2000)).toMatchObject({ deleted: false });
      expect(await identities.nearest(theirs, embedding(1), 9)).toEqual([]);
      expect((await identities.list(theirs, {}, { limit: 9 })).items).toEqual([]);
      for (const kind of ["enrol", "search"] as const)
        await expect(
          enqueue(current(), stranger, { kind, images: [], collectionId: staff.id }),
        ).rejects.toMatchObject({ code: "not-found" });
      expect(await collections.get(owner, "staff")).toMatchObject({ identities: 1 });
    });

    it("go with all their people, their waiting jobs and what jobs remember of them", async () => {
      const accountId = await newAccount(current());
      const staff = await make(accountId, "staff");
      const people = [];
      for (let i = 0; i < 130; i++)
        people.push((await enrol(current(), accountId, [face(i)], { collectionId: staff.id })).identityId);
      const kept = await enrol(current(), accountId, [face(500)]);
      const search = await enqueue(current(), accountId, {
        kind: "search",
        images: [],
        collectionId: staff.id,
      });
      const { leaseId } = (await claimOne(current()))!;
      const result = candidates(people[0]!, people[1]!);
      await current().jobs.finish({ jobId: search, leaseId }, { type: "answered", result }, 2000);
      const waiting = await enqueue(current(), accountId, {
        kind: "enrol",
        images: [{ blobId: "its", size: 7 }],
        collectionId: staff.id,
      });

      expect(await current().collections.delete(key(staff), 3000)).toEqual({
        deleted: true,
        blobIds: ["its"],
      });
      const storage = await reopen();
      expect(await storage.collections.get(accountId, staff.id)).toBeUndefined();
      expect((await storage.collections.list(accountId, { limit: 9 })).items).toHaveLength(1);
      expect(await storage.identities.getMany(accountId, people)).toEqual([]);
      expect(await storage.identities.nearest(key(staff), embedding(1), 9)).toEqual([]);
      expect(await storage.identities.count(accountId)).toEqual({ identities: 1, faces: 1 });
      expect(await storage.identities.get(accountId, kept.identityId)).toBeDefined();
      expect(await storage.jobs.get(accountId, waiting)).toMatchObject({
        status: "Failed",
        error: expect.stringContaining("collection was deleted"),
      });
      expect((await storage.jobs.get(accountId, search))!.result).toMatchObject({ candidates: [] });
      expect(await storage.accounts.usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
      expect(await storage.collections.delete(key(staff), 3000)).toMatchObject({ deleted: false });
      await make(accountId, "staff");
    });

    it("leave nobody behind where people of theirs are deleted at the same moment, and a sweep goes on with it", async () => {
      const accountId = await newAccount(current());
      const staff = await make(accountId, "staff");
      const people: string[] = [];
      for (let i = 0; i < 30; i++)
        people.push((await enrol(current(), accountId, [face(i)], { collectionId: staff.id })).identityId);
      await Promise.all([
        current().collections.delete(key(staff), 3000),
        ...people.slice(10, 20).map((one) => current().identities.delete(accountId, [one], 3000)),
        current().collections.sweep(3000),
      ]);
      await current().collections.sweep(3000);
      expect(await current().identities.getMany(accountId, people)).toEqual([]);
      expect(await current().identities.count(accountId)).toEqual({ identities: 0, faces: 0 });
      await make(accountId, "staff");
    });

    it("take with them what failed jobs remember: whom they would have enrolled, and the images of abandoned ones", async () => {
      const accountId = await newAccount(current());
      const staff = await make(accountId, "staff");
      const payload = {
        kind: "enrol" as const,
        images: [{ blobId: "theirs", size: 7 }],
        metadata: { name: "Ada" },
        collectionId: staff.id,
      };
      const failed = await enqueue(current(), accountId, payload);
      const failing = (await claimOne(current()))!;
      await current().jobs.finish(
        { jobId: failed, leaseId: failing.leaseId },
        { type: "failed", error: "no face" },
        2000,
      );
      const abandoned = await enqueue(current(), accountId, payload);
      const dying = (await claimOne(current()))!;
      await current().jobs.finish(
        { jobId: abandoned, leaseId: dying.leaseId },
        { type: "failed", error: "tried", deadUntil: 90_000 },
        2000,
      );
      const elsewhere = await enqueue(current(), accountId, {
        kind: "enrol",
        images: [],
        metadata: { name: "Bo" },
      });
      const other = (await claimOne(current()))!;
      await current().jobs.finish(
        { jobId: elsewhere, leaseId: other.leaseId },
        { type: "failed", error: "no face" },
        2000,
      );

      expect(await current().collections.delete(key(staff), 3000)).toEqual({
        deleted: true,
        blobIds: ["theirs"],
      });
      for (const job of [failed, abandoned])
        expect((await current().jobs.get(accountId, job))!.payload).toEqual({ kind: "enrol", images: [] });
      expect((await current().jobs.get(accountId, elsewhere))!.payload).toMatchObject({
        metadata: { name: "Bo" },
      });
      expect(await current().accounts.usage(accountId)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
      expect(await current().jobs.retry(accountId, abandoned, { id: "again", now: 3000 })).toEqual({
        retried: false,
        reason: "collection-gone",
      });
    });

    it("are gone for everybody from the first moment, and a job in hand for them ends", async () => {
      const accountId = await newAccount(current());
      const staff = await make(accountId, "staff");
      const jobId = await enqueue(current(), accountId, {
        kind: "enrol",
        images: [],
        collectionId: staff.id,
      });
      const { leaseId } = (await claimOne(current()))!;
      const outcome = {
        type: "enrolled" as const,
        identityId: "i",
        metadata: {},
        faces: [face(1)],
        result: {},
      };
      const [, finished] = await Promise.all([
        current().collections.delete(key(staff), 3000),
        current().jobs.finish({ jobId, leaseId }, outcome, 3000),
      ]);
      const job = await current().jobs.get(accountId, jobId);
      expect(job!.status).toBe(finished.finished ? finished.status : "Failed");
      expect(await current().identities.count(accountId)).toEqual({ identities: 0, faces: 0 });
      expect(await current().identities.get(accountId, "i")).toBeUndefined();
    });
  });
}
