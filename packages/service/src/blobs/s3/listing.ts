import { isOurs, OURS } from "../names.ts";
import type { Bucket } from "./bucket.ts";

export interface Listing {
  /** Fails when the bucket is not there or not ours. */
  check(): Promise<void>;
  /** Whether nothing at all lies under the prefix, but for one key. */
  isEmpty(except: string): Promise<boolean>;
  /** Keys, without the prefix, of our objects last written before a time in milliseconds. Others' are not even asked for. */
  olderThan(before: number): Promise<string[]>;
  /** Gives back the room of multi-part uploads that a crash left behind, once they are a day older than `before`. */
  abortUploads(before: number): Promise<void>;
}

const DAY_MS = 86_400_000;

export function createListing({ request, prefix }: Bucket): Listing {
  async function page(query: Record<string, string>, name = ""): Promise<string> {
    return (await request("GET", { query: { ...query, prefix: prefix + name } })).text;
  }

  return {
    async check() {
      await page({ "list-type": "2", "max-keys": "1" });
    },

    async isEmpty(except) {
      const xml = await page({ "list-type": "2", "max-keys": "2" });
      return elements(xml, "Contents").every((object) => text(object, "Key") === prefix + except);
    },

    async olderThan(before) {
      const keys: string[] = [];
      let token: string | undefined;
      do {
        const xml = await page(
          { "list-type": "2", ...(token !== undefined && { "continuation-token": token }) },
          OURS,
        );
        for (const object of elements(xml, "Contents")) {
          const key = text(object, "Key").slice(prefix.length);
          if (isOurs(key) && Date.parse(text(object, "LastModified")) < before) keys.push(key);
        }
        token = text(xml, "IsTruncated") === "true" ? text(xml, "NextContinuationToken") : undefined;
      } while (token !== undefined);
      return keys;
    },

    async abortUploads(before) {
      const xml = await page({ uploads: "" }, OURS);
      for (const upload of elements(xml, "Upload")) {
        const key = text(upload, "Key").slice(prefix.length);
        if (!isOurs(key) || Date.parse(text(upload, "Initiated")) >= before - DAY_MS) continue;
        await request("DELETE", { key, query: { uploadId: text(upload, "UploadId") }, accept: [404] });
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
