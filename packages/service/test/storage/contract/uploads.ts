import { describe, expect, it } from "vitest";
import type { Opened } from "../contract.ts";
import { claimOne, id, newAccount } from "../samples.ts";
import { perTest } from "./opened.ts";

export function uploadsContract(open: () => Promise<Opened>): void {
  describe("uploads", () => {
    const { current } = perTest(open);
    const image = { blobId: "big", size: 99 };

    it("serves several jobs while it lives, and none afterwards", async () => {
      const accountId = await newAccount(current());
      await current().uploads.create({ id: "u", accountId, image, expiresAt: 5000 });
      expect(await current().uploads.get(accountId, "u", 4999)).toEqual({
        id: "u",
        accountId,
        image,
        expiresAt: 5000,
      });
      const send = (now: number) =>
        current().jobs.enqueue({
          id: id("job"),
          accountId,
          payload: { kind: "search", images: [image], maxResult: 1 },
          uploadIds: ["u"],
          now,
        });
      await send(4000);
      await send(4001);
      await expect(send(5000)).rejects.toMatchObject({ code: "not-found" });
      expect(await current().uploads.get(accountId, "u", 5000)).toBeUndefined();
    });

    it("keeps the image of an expired upload until the jobs that need it have ended", async () => {
      const accountId = await newAccount(current());
      await current().uploads.create({ id: "u", accountId, image, expiresAt: 5000 });
      await current().uploads.create({
        id: "v",
        accountId,
        image: { blobId: "unused", size: 1 },
        expiresAt: 5000,
      });
      const payload = { kind: "search" as const, images: [image], maxResult: 1 };
      const job = await current().jobs.enqueue({
        id: id("job"),
        accountId,
        payload,
        uploadIds: ["u"],
        now: 4000,
      });
      expect(await current().uploads.sweep(4999)).toEqual([]);
      expect(await current().uploads.sweep(5000)).toEqual(["unused"]);
      expect(await current().referencedBlobs()).toEqual(new Set(["big"]));
      const { leaseId } = (await claimOne(current(), 5000))!;
      await current().jobs.finish({ jobId: job.id, leaseId }, { type: "answered", result: {} }, 5100);
      expect(await current().uploads.get(accountId, "u", 5100)).toBeUndefined();
      expect(await current().uploads.sweep(5100)).toEqual(["big"]);
      expect(await current().referencedBlobs()).toEqual(new Set());
    });
  });
}
