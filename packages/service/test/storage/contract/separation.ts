import { describe, expect, it } from "vitest";
import type { Opened } from "../contract.ts";
import { embedding, enqueue, enrol, enrolment, face, newAccount, listIn, nearestIn } from "../samples.ts";
import { perTest } from "./opened.ts";

export function separationContract(open: () => Promise<Opened>): void {
  describe("another account", () => {
    const { current } = perTest(open);

    it("sees, changes and reaches nothing of this one", async () => {
      const storage = current();
      const [owner, other] = [await newAccount(storage), await newAccount(storage)];
      const { identityId, faces, jobId } = await enrol(
        storage,
        owner,
        [face(1, { crop: new Uint8Array(9) }), face(2)],
        { externalId: "x" },
      );
      await storage.uploads.create({
        id: "u",
        accountId: owner,
        image: { blobId: "b", size: 1 },
        expiresAt: 9000,
      });
      const waiting = await enqueue(storage, owner, enrolment);
      const faceId = faces[0]!.id;

      for (const stranger of [other, "unknown"]) {
        expect(await storage.identities.get(stranger, identityId)).toBeUndefined();
        expect(await storage.identities.getMany(stranger, [identityId])).toEqual([]);
        expect(await listIn(storage, stranger, { externalId: "x" }, { limit: 9 })).toEqual({
          items: [],
        });
        expect(await storage.identities.count(stranger)).toEqual({ identities: 0, faces: 0 });
        expect(
          await storage.identities.patch(stranger, identityId, { metadata: { a: 1 } }, 3000),
        ).toBeUndefined();
        expect(await storage.identities.delete(stranger, [identityId], 3000)).toMatchObject({
          deleted: false,
          missing: [identityId],
        });
        expect(await nearestIn(storage, stranger, embedding(1), 9)).toEqual([]);
        expect(await storage.identities.compare(stranger, identityId, embedding(1))).toBeUndefined();
        expect(await storage.faces.get(stranger, faceId)).toBeUndefined();
        expect(await storage.faces.crop(stranger, faceId)).toBeUndefined();
        expect(await storage.faces.delete(stranger, faceId, 3000)).toBe("missing");
        expect(await storage.jobs.get(stranger, jobId)).toBeUndefined();
        expect(await storage.jobs.list(stranger, {}, { limit: 9 })).toEqual({ items: [] });
        expect(await storage.jobs.unfinished(stranger)).toEqual([]);
        expect(await storage.jobs.cancel(stranger, waiting, 3000)).toEqual({
          cancelled: false,
          reason: "unknown",
        });
        expect(await storage.uploads.get(stranger, "u", 1000)).toBeUndefined();
        expect(await storage.uploads.delete(stranger, "u", 1000)).toEqual({
          deleted: false,
          reason: "unknown",
        });
        expect(await storage.accounts.usage(stranger)).toEqual({ unfinishedJobs: 0, pendingBytes: 0 });
        expect((await storage.events.since(stranger, 0, 99)).events).toEqual([]);
        await expect(
          enqueue(storage, stranger, { kind: "recognize", images: [], identityId }),
        ).rejects.toMatchObject({ code: "not-found" });
      }
      const image = { blobId: "b", size: 1 };
      const payload = { kind: "search" as const, images: [image], maxResult: 1 };
      await expect(
        storage.jobs.enqueue({ id: "j", accountId: other, payload, uploadIds: ["u"], now: 1000 }),
      ).rejects.toMatchObject({ code: "not-found" });
      expect((await storage.jobs.get(owner, waiting))!.status).toBe("Sent");
      expect(await storage.uploads.get(owner, "u", 1000)).toBeDefined();
      expect(await storage.identities.get(owner, identityId)).toMatchObject({
        externalId: "x",
        metadata: {},
      });
    });

    it("may use the same external id", async () => {
      const [one, two] = [await newAccount(current()), await newAccount(current())];
      const first = await enrol(current(), one, [face(1)], { externalId: "same" });
      const second = await enrol(current(), two, [face(1)], { externalId: "same" });
      expect((await listIn(current(), one, { externalId: "same" }, { limit: 9 })).items).toMatchObject([
        { id: first.identityId },
      ]);
      expect(await nearestIn(current(), two, embedding(1), 9)).toMatchObject([
        { identityId: second.identityId },
      ]);
    });
  });
}
