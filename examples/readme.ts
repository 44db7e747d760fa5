import { createClient } from "@prosopon/core";
import { imageFile } from "@prosopon/core/file";

const client = createClient({
  baseUrl: process.env.PROSOPON_URL ?? "http://127.0.0.1:4000",
  clientId: process.env.PROSOPON_CLIENT_ID,
  secretId: process.env.PROSOPON_SECRET_ID,
});
const enrolled = await client.identities.list({ externalId: "ada" });
if (enrolled.items.length === 0) {
  const images = await Promise.all(["ada-1.jpg", "ada-2.jpg"].map(imageFile));
  await client.jobs.wait(await client.identities.create({ images, externalId: "ada" }));
}

const image = await imageFile("visitor.jpg");
const { matches } = await client.jobs.wait(await client.identities.search({ image, maxResult: 1 }));
for (const { identity_id, score } of matches ?? []) {
  const { external_id } = await client.identities.get(identity_id);
  console.log(`welcome back, ${external_id} (${score.toFixed(2)})`);
}
