import { describe, expect, it } from "vitest";
import type { Opened } from "../contract.ts";
import { defaultOf, embedding, enrol, face, newAccount, recogniser } from "../samples.ts";
import { perTest } from "./opened.ts";

const OTHER = { id: "other.1", dimension: 512 };

export function recognisersContract(open: () => Promise<Opened>): void {
  describe("recognisers", () => {
    const { current, reopen } = perTest(open);

    it("are registered once, by any number of nodes, each with its dimension", async () => {
      await Promise.all([1, 2, 3].map(() => current().recognisers.register(OTHER)));
      await expect(current().recognisers.register({ ...OTHER, dimension: 128 })).rejects.toMatchObject({
        code: "conflict",
      });
      expect(await (await reopen()).recognisers.list()).toEqual([{ ...OTHER, faces: 0 }]);
    });

    it("are never compared with each other, whatever their dimensions", async () => {
      const accountId = await newAccount(current());
      await current().recognisers.register(OTHER);
      const key = await defaultOf(current(), accountId);
      const by = (seed: number) => face(seed, { embedding: embedding(seed, OTHER) });
      const one = await enrol(current(), accountId, [face(1), face(2)]);
      const two = await enrol(current(), accountId, [by(1), by(3)]);
      const both = await enrol(current(), accountId, [face(4), by(4)]);
      const storage = await reopen();
      const { nearest, compare } = storage.identities;
      const found = async (probe: ReturnType<typeof embedding>) =>
        (await nearest(key, probe, 9)).map(({ identityId }) => identityId).toSorted();
      expect(await found(embedding(1))).toEqual([one.identityId, both.identityId].toSorted());
      expect(await found(embedding(1, OTHER))).toEqual([two.identityId, both.identityId].toSorted());
      expect(await nearest(key, embedding(3, OTHER), 1)).toMatchObject([
        { identityId: two.identityId, faceId: two.faces[1]!.id, cosine: expect.closeTo(1, 6) },
      ]);
      expect(await compare(accountId, one.identityId, embedding(1, OTHER))).toBeUndefined();
      expect(await compare(accountId, both.identityId, embedding(4, OTHER))).toMatchObject({
        faceId: both.faces[1]!.id,
        cosine: expect.closeTo(1, 6),
      });
      expect(await storage.recognisers.list()).toEqual([
        { ...recogniser, faces: 3 },
        { ...OTHER, faces: 3 },
      ]);
      await storage.identities.delete(accountId, [two.identityId], 3000);
      expect(await found(embedding(1, OTHER))).toEqual([both.identityId]);
      expect((await storage.recognisers.list())[1]).toMatchObject({ faces: 1 });
    });

    it("that nobody registered make no faces and no probes", async () => {
      const accountId = await newAccount(current());
      const unknown = { id: "unknown.1", dimension: 128 };
      const key = await defaultOf(current(), accountId);
      await expect(current().identities.nearest(key, embedding(1, unknown), 1)).rejects.toMatchObject({
        code: "not-found",
      });
      await expect(
        enrol(current(), accountId, [face(1, { embedding: embedding(1, unknown) })]),
      ).rejects.toMatchObject({ code: "not-found" });
      expect(await current().identities.count(accountId)).toEqual({ identities: 0, faces: 0 });
    });
  });
}
