/** `bun bun-script.ts [PHOTO PHOTO PHOTO]`: three photos of one person. */
import { createClient } from "@prosopon/core";
import { meet } from "./flow.ts";
import { samplePhotos } from "./photos.ts";

/** What is used of it, for editors that do not know Bun. */
declare const Bun: { argv: string[]; env: Record<string, string | undefined>; file(path: string): Blob };

const client = createClient({
  baseUrl: Bun.env["PROSOPON_URL"] ?? "http://127.0.0.1:4000",
  clientId: Bun.env["PROSOPON_CLIENT_ID"],
  secretId: Bun.env["PROSOPON_SECRET_ID"],
});
const [first, second, third] = samplePhotos(Bun.argv.slice(2));
await meet(client, [Bun.file(first), Bun.file(second), Bun.file(third)]);
await client.auth.logout();
