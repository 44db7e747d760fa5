import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { formatMark, guardPlace } from "../../src/blobs/place.ts";
import { BlobsAwayError, openLocalBlobs } from "../../src/index.ts";
import { atEnd } from "../fixture.ts";
import { chunks } from "./contract.ts";

it("an image whose place was taken away meanwhile is not made durable there, whether it was to be at once or later", async () => {
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-place-"));
  atEnd(() => rm(directory, { recursive: true }));
  const store = await openLocalBlobs(directory);
  const place = store.mark.fresh();
  await store.mark.write(formatMark({ place }));
  const blobs = guardPlace(store, { place });
  const put = (durable: boolean) => blobs.put(chunks(Buffer.from("image"), 9), { maxBytes: 9, durable });
  const [early, late] = [await put(false), await put(false)];
  await blobs.flush([early.blobId]);
  await store.mark.write("another volume", { replace: true });
  await expect(blobs.flush([late.blobId])).rejects.toThrow(BlobsAwayError);
  await expect(put(true)).rejects.toThrow(BlobsAwayError);
});
