import { createClient } from "@prosopon/core";
import { imageFile } from "@prosopon/core/file";

const client = createClient({
  baseUrl: process.env.PROSOPON_URL ?? "http://127.0.0.1:4000",
  clientId: process.env.PROSOPON_CLIENT_ID,
  secretId: process.env.PROSOPON_SECRET_ID,
});
const images = await Promise.all(["ada-1.jpg", "visitor.jpg"].map(imageFile));
for await (const { status, detail } of client.jobs.watch(await client.jobs.compare({ images }))) {
  console.log(status); // Sent, Started, Succeeded
  if (detail?.kind === "compare") console.log(detail.result?.faces[0]?.decision); // match
}
