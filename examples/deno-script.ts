/** `deno run --allow-net --allow-read --allow-env deno-script.ts [PHOTO PHOTO PHOTO]`: three photos of one person. */
import { createClient } from "@prosopon/core";
import { meet } from "./flow.ts";
import { samplePhotos } from "./photos.ts";

/** What is used of it, for editors that do not know Deno. */
declare const Deno: {
  args: string[];
  env: { get(name: string): string | undefined };
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
};

const client = createClient({
  baseUrl: Deno.env.get("PROSOPON_URL") ?? "http://127.0.0.1:4000",
  clientId: Deno.env.get("PROSOPON_CLIENT_ID"),
  secretId: Deno.env.get("PROSOPON_SECRET_ID"),
});
const [first, second, third] = samplePhotos(Deno.args);
await meet(client, [await Deno.readFile(first), await Deno.readFile(second), await Deno.readFile(third)]);
await client.auth.logout();
