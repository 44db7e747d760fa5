import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { openBlobs, whereOf, type BlobsOptions } from "../blobs.ts";
import { misplaced, missing } from "../place.ts";
import { s3Options } from "../s3-options.ts";
import { check, type Check } from "./check.ts";
import { probeDirectory, WILL_BE_MADE } from "./directory.ts";

/**
 * Stores, fetches and erases a small blob, as every pending image is. Beside running nodes.
 * `place` is the mark of where the database's nodes keep theirs.
 */
export function checkBlobs(options: BlobsOptions, place: Uint8Array | undefined): Promise<Check> {
  return check(
    "blobs",
    "Images could not be received. Check the place and its rights, or choose another with --blobs or PROSOPON_BLOBS.",
    async () => {
      const where = whereOf(options);
      if (!s3Options(where) && !(await probeDirectory(resolve(where))))
        return place
          ? elsewhere(where, missing(where))
          : { state: "ok", detail: `${resolve(where)} ${WILL_BE_MADE}` };
      const blobs = await openBlobs(options, { shared: true });
      try {
        const wrong = place && (await misplaced(place, blobs, where));
        if (wrong) return elsewhere(where, wrong);
        const sent = new TextEncoder().encode("a probe by prosopon doctor");
        const begun = performance.now();
        const { blobId } = await blobs.put(oneChunk(sent), { maxBytes: sent.length });
        try {
          const file = await blobs.open(blobId);
          try {
            const got = await (file && readFile(file.path));
            if (!got?.equals(sent)) throw new Error("What was stored did not come back.");
          } finally {
            await file?.release();
          }
        } finally {
          await blobs.delete([blobId]);
        }
        if (await blobs.open(blobId)) throw new Error("What was erased is still there.");
        return {
          state: "ok",
          detail: `${where}: stored, read and erased in ${(performance.now() - begun).toFixed(0)} ms`,
        };
      } finally {
        await blobs.close();
      }
    },
  );
}

const elsewhere = (where: string, { message: fix }: Error): Omit<Check, "name"> => ({
  state: "fail",
  detail: `${where} is not where the database's other nodes keep them`,
  fix,
});

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
