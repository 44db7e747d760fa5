import type { Bucket } from "./bucket.ts";

export interface Listing {
  /** Fails when the bucket is not there or not ours. */
  check(): Promise<void>;
  /** Keys, without the prefix, of objects last written before a time in milliseconds. */
  olderThan(before: number): Promise<string[]>;
  /** Gives back the room of multi-part uploads that a crash left behind, once they are a day older than `before`. */
  abortUploads(before: number): Promise<void>;
}

const DAY_MS = 86_400_000;

export function createListing({ request, discard, prefix }: Bucket): Listing {
  async function page(query: Record<string, string>): Promise<string> {
    return (await request("GET", { query: { ...query, prefix } })).text();
  }

  return {
    async check() {
      await page({ "list-type": "2", "max-keys": "1" });
    },

    async olderThan(before) {
      const keys: string[] = [];
      let token: string | undefined;
      do {
        const xml = await page({
          "list-type": "2",
          ...(token !== undefined && { "continuation-token": token }),
        });
        for (const object of elements(xml, "Contents")) {
          if (Date.parse(text(object, "LastModified")) < before)
            keys.push(text(object, "Key").slice(prefix.length));
        }
        token = text(xml, "IsTruncated") === "true" ? text(xml, "NextContinuationToken") : undefined;
      } while (token !== undefined);
      return keys;
    },

    async abortUploads(before) {
      const xml = await page({ uploads: "" });
      for (const upload of elements(xml, "Upload")) {
        if (Date.parse(text(upload, "Initiated")) >= before - DAY_MS) continue;
        const key = text(upload, "Key").slice(prefix.length);
        await discard("DELETE", { key, query: { uploadId: text(upload, "UploadId") }, accept: [404] });
      }
    },
  };
}

/** S3's lists are flat and their texts are ours or machine-made: no parser is needed to read them. */
function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"))].map(([, inner]) => inner!);
}

function text(xml: string, name: string): string {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
  return found
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
