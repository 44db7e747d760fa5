/** `node node-script.ts [PHOTO PHOTO PHOTO]`: three photos of one person. Needs PROSOPON_CLIENT_ID and PROSOPON_SECRET_ID. */
import { createClient } from "@prosopon/core";
import { imageFile } from "@prosopon/core/file";
import { meet } from "./flow.ts";
import { samplePhotos } from "./photos.ts";

const client = createClient({
  baseUrl: process.env["PROSOPON_URL"] ?? "http://127.0.0.1:4000",
  clientId: process.env["PROSOPON_CLIENT_ID"],
  secretId: process.env["PROSOPON_SECRET_ID"],
});
const [first, second, third] = samplePhotos(process.argv.slice(2));
// The files stay on disk and are read while they are sent.
await meet(client, [await imageFile(first), await imageFile(second), await imageFile(third)]);
await client.auth.logout();
