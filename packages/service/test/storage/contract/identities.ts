import { describe, expect, it } from "vitest";
import type { IdentityFilter, JobPayload } from "../../../src/storage/types.ts";
import type { Opened } from "../contract.ts";
import { candidates, candidatesIn, claimOne, enqueue, enrol, face, newAccount, listIn } from "../samples.ts";
import { perTest } from "./opened.ts";

export function identitiesContract(open: () => Promise<Opened>): void {
  describe("identities", () => {
    const { current } = perTest(open);

    it("reads many in the order asked for, leaving out the unknown", async () => {
      const accountId = await newAccount(current());
      const ids = [];
      for (let i = 0; i < 3; i++) ids.push((await enrol(current(), accountId, [face(i)])).identityId);
      const read = await current().identities.getMany(accountId, [ids[2]!, "unknown", ids[0]!]);
      expect(read.map((identity) => identity.id)).toEqual([ids[2], ids[0]]);
      expect(read[0]!.faces).toHaveLength(1);
    });

    it("lists page by page, missing and repeating none while others come and go", async () => {
      const accountId = await newAccount(current());
      const ids: string[] = [];
      for (let i = 0; i < 9; i++)
        ids.push(
          (await enrol(current(), accountId, [face(i)], { now: 2000 + Math.floor(i / 3) })).identityId,
        );
      const first = await listIn(current(), accountId, {}, { limit: 4 });
      // The cursor's own identity goes too.
      const gone = first.items.at(-1)!.id;
      await current().identities.delete(accountId, [gone], 3000);
      await enrol(current(), accountId, [face(90)], { now: 9000 });
      const second = await listIn(current(), accountId, {}, { limit: 9, cursor: first.nextCursor! });
      expect([...first.items, ...second.items].map((identity) => identity.id).toSorted()).toEqual(
        ids.toSorted(),
      );
      expect(second.nextCursor).toBeUndefined();
    });

    it("filters by external id, metadata and text, taking every character for itself", async () => {
      const accountId = await newAccount(current());
      const names = ["100% Ada_L", "100x AdaXL", "Émile Ångström", 'o\'Neil \\ "Q"'];
      for (const [index, name] of names.entries()) {
        await enrol(current(), accountId, [face(index)], {
          externalId: `EXT-${index}`,
          metadata: { name, [`k'"${index}`]: index, flag: index === 1 },
        });
      }
      const find = async (filter: IdentityFilter) =>
        (await listIn(current(), accountId, filter, { limit: 9 })).items.map(({ metadata }) => metadata.name);
      expect(await find({ text: "100%" })).toEqual([names[0]]);
      expect(await find({ text: "ada_l" })).toEqual([names[0]]);
      expect(await find({ text: "émile ÅNG" })).toEqual([names[2]]);
      expect(await find({ text: "E\u0301MILE" })).toEqual([names[2]]);
      expect(await find({ text: '\\ "q' })).toEqual([names[3]]);
      expect(await find({ text: "ext-3" })).toEqual([names[3]]);
      expect(await find({ text: "nobody" })).toEqual([]);
      expect(await find({ externalId: "EXT-1" })).toEqual([names[1]]);
      expect(await find({ externalId: "ext-1" })).toEqual([]);
      expect(await find({ metadata: { "k'\"2": "2" } })).toEqual([names[2]]);
      expect(await find({ metadata: { flag: "true" } })).toEqual([names[1]]);
      expect(await find({ metadata: { flag: "true", name: names[0]! } })).toEqual([]);
    });

    it("merges metadata, removes by null, and moves the external id", async () => {
      const accountId = await newAccount(current());
      const { identityId } = await enrol(current(), accountId, [face(1)], {
        externalId: "one",
        metadata: { a: 1, b: 2 },
      });
      const other = await enrol(current(), accountId, [face(2)], { externalId: "two" });
      const patched = await current().identities.patch(
        accountId,
        identityId,
        { metadata: { a: null, name: "New" } },
        3000,
      );
      expect(patched).toMatchObject({ externalId: "one", metadata: { b: 2, name: "New" }, updatedAt: 3000 });
      expect(patched!.metadata).not.toHaveProperty("a");
      await expect(
        current().identities.patch(accountId, identityId, { externalId: "two" }, 3100),
      ).rejects.toMatchObject({ code: "conflict" });
      await current().identities.patch(accountId, other.identityId, { externalId: null }, 3200);
      expect(
        await current().identities.patch(accountId, identityId, { externalId: "two" }, 3300),
      ).toMatchObject({ externalId: "two" });
      expect((await listIn(current(), accountId, { text: "new" }, { limit: 9 })).items).toHaveLength(1);
      expect(await current().identities.patch(accountId, "unknown", {}, 1)).toBeUndefined();
    });

    it("deletes all that were named or, when one is unknown, none", async () => {
      const accountId = await newAccount(current());
      const [a, b] = [
        await enrol(current(), accountId, [face(1)]),
        await enrol(current(), accountId, [face(2), face(3)]),
      ];
      expect(await current().identities.delete(accountId, [a.identityId, "unknown"], 3000)).toEqual({
        deleted: false,
        missing: ["unknown"],
        blobIds: [],
      });
      expect(await current().identities.count(accountId)).toEqual({ identities: 2, faces: 3 });
      const twice = [a.identityId, b.identityId, a.identityId];
      expect(await current().identities.delete(accountId, twice, 3000)).toMatchObject({
        deleted: true,
        missing: [],
      });
      expect(await current().identities.count(accountId)).toEqual({ identities: 0, faces: 0 });
      expect(await current().identities.delete(accountId, [a.identityId], 3000)).toMatchObject({
        deleted: false,
      });
    });

    it("takes a deleted identity out of what jobs remember, and ends its waiting jobs", async () => {
      const accountId = await newAccount(current());
      const [a, b] = [
        await enrol(current(), accountId, [face(1)], { metadata: { name: "Ada" } }),
        await enrol(current(), accountId, [face(2)]),
      ];
      const searchJob = await enqueue(current(), accountId, { kind: "search", images: [], maxResult: 10 });
      const claimed = (await claimOne(current()))!;
      const result = candidates(a.identityId, b.identityId);
      await current().jobs.finish(
        { jobId: searchJob, leaseId: claimed.leaseId },
        { type: "answered", result },
        2000,
      );
      const payload: JobPayload = {
        kind: "recognize",
        images: [{ blobId: "probe", size: 1 }],
        identityId: a.identityId,
      };
      const waiting = await enqueue(current(), accountId, payload);

      expect(await current().identities.delete(accountId, [a.identityId], 3000)).toMatchObject({
        blobIds: ["probe"],
      });
      const enrolJob = (await current().jobs.get(accountId, a.jobId))!;
      expect(enrolJob).toMatchObject({
        status: "Succeeded",
        identityId: a.identityId,
        payload: { kind: "enrol", images: [] },
      });
      expect(enrolJob.result).toBeUndefined();
      const { result: left } = (await current().jobs.get(accountId, searchJob))!;
      expect(candidatesIn(left).map((candidate) => candidate.identity_id)).toEqual([b.identityId]);
      const ended = (await current().jobs.get(accountId, waiting))!;
      expect(ended).toMatchObject({ status: "Failed", finishedAt: 3000 });
      expect(ended.error).toContain("deleted");
      expect(await claimOne(current(), 99_000)).toBeUndefined();
    });

    it("changes nothing for a worker that was busy with a deleted identity", async () => {
      const accountId = await newAccount(current());
      const { identityId } = await enrol(current(), accountId, [face(1)]);
      const jobId = await enqueue(current(), accountId, { kind: "add-images", images: [], identityId });
      const { leaseId } = (await claimOne(current()))!;
      await current().identities.delete(accountId, [identityId], 3000);
      const outcome = {
        type: "faces-added" as const,
        identityId,
        faces: [face(2)],
        result: {},
        goneError: "gone",
      };
      expect(await current().jobs.finish({ jobId, leaseId }, outcome, 3100)).toEqual({ finished: false });
      expect(await current().identities.count(accountId)).toEqual({ identities: 0, faces: 0 });
    });
  });

  describe("faces", () => {
    const { current } = perTest(open);

    it("keeps a crop where it was given one", async () => {
      const accountId = await newAccount(current());
      const crop = Uint8Array.from({ length: 7000 }, (_, index) => index % 251);
      const { faces } = await enrol(current(), accountId, [face(1, { crop }), face(2)]);
      expect(await current().faces.get(accountId, faces[0]!.id)).toMatchObject({ hasCrop: true });
      expect(new Uint8Array((await current().faces.crop(accountId, faces[0]!.id))!)).toEqual(crop);
      expect(await current().faces.crop(accountId, faces[1]!.id)).toBeUndefined();
    });

    it("deletes a face, but not an identity's last one", async () => {
      const accountId = await newAccount(current());
      const { identityId, faces } = await enrol(current(), accountId, [face(1), face(2)]);
      expect(await current().faces.delete(accountId, faces[0]!.id, 4000)).toBe("deleted");
      expect(await current().faces.delete(accountId, faces[0]!.id, 4000)).toBe("missing");
      expect(await current().faces.delete(accountId, faces[1]!.id, 4000)).toBe("last");
      expect(await current().identities.get(accountId, identityId)).toMatchObject({
        updatedAt: 4000,
        faces: [{ id: faces[1]!.id }],
      });
    });
  });
}
