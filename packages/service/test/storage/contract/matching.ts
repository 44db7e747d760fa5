import { describe, expect, it } from "vitest";
import type { Opened } from "../contract.ts";
import { embedding, enrol, face, newAccount, nearestIn, recogniser } from "../samples.ts";
import { perTest } from "./opened.ts";

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}

export function matchingContract(open: () => Promise<Opened>): void {
  describe("identities.nearest", () => {
    const { current, reopen } = perTest(open);

    it("ranks each identity once, by its best face, in double precision", async () => {
      const accountId = await newAccount(current());
      const seeds = [[1, 2], [3], [4, 5, 6], [7]];
      const enrolled = [];
      for (const group of seeds)
        enrolled.push(
          await enrol(
            current(),
            accountId,
            group.map((seed) => face(seed)),
          ),
        );
      const probe = embedding(100);
      const expected = enrolled
        .map(({ identityId, faces }) => {
          const best = faces.map(({ id, embedding: vector }) => ({
            identityId,
            faceId: id,
            cosine: cosine(vector.values, probe.values),
          }));
          return best.toSorted((a, b) => b.cosine - a.cosine)[0]!;
        })
        .toSorted((a, b) => b.cosine - a.cosine);
      expect(await nearestIn(current(), accountId, probe, 3)).toEqual(expected.slice(0, 3));
      const storage = await reopen();
      expect(await nearestIn(storage, accountId, probe, 99)).toEqual(expected);
      for (const neighbour of expected) {
        expect(await storage.identities.compare(accountId, neighbour.identityId, probe)).toEqual(neighbour);
      }
      expect(await storage.identities.compare(accountId, "unknown", probe)).toBeUndefined();
    });

    it("puts the older of two equal identities first", async () => {
      const accountId = await newAccount(current());
      const ids = [];
      for (let i = 0; i < 3; i++)
        ids.push((await enrol(current(), accountId, [face(5)], { now: 2000 + i })).identityId);
      const names = async (k: number) =>
        (await nearestIn(current(), accountId, embedding(5), k)).map((one) => one.identityId);
      expect(await names(3)).toEqual(ids);
      expect(await names(2)).toEqual(ids.slice(0, 2));
    });

    it("follows every enrolment and deletion at once", async () => {
      const accountId = await newAccount(current());
      const probe = embedding(1);
      expect(await nearestIn(current(), accountId, probe, 5)).toEqual([]);
      const first = await enrol(current(), accountId, [face(1), face(2)]);
      expect(await nearestIn(current(), accountId, probe, 5)).toMatchObject([
        { identityId: first.identityId, faceId: first.faces[0]!.id },
      ]);
      await current().faces.delete(accountId, first.faces[0]!.id, 3000);
      expect(await nearestIn(current(), accountId, probe, 5)).toMatchObject([
        { identityId: first.identityId, faceId: first.faces[1]!.id },
      ]);
      await current().identities.delete(accountId, [first.identityId], 3000);
      expect(await nearestIn(current(), accountId, probe, 5)).toEqual([]);
      const second = await enrol(current(), accountId, [face(3)]);
      expect(await nearestIn(current(), accountId, probe, 5)).toMatchObject([
        { identityId: second.identityId },
      ]);
    });

    it("refuses a probe that is not an embedding", async () => {
      const accountId = await newAccount(current());
      for (const probe of [
        new Float32Array(127),
        new Float32Array(128),
        new Float32Array(128).fill(Number.NaN),
      ]) {
        const wrong = { recogniser: recogniser.id, values: probe };
        await expect(nearestIn(current(), accountId, wrong, 1)).rejects.toThrow("embedding");
      }
    });
  });
}
