import { createClient } from "@prosopon/core";
import { imageFile } from "@prosopon/core/file";

const client = createClient({
  baseUrl: process.env.PROSOPON_URL ?? "http://127.0.0.1:4000",
  clientId: process.env.PROSOPON_CLIENT_ID,
  secretId: process.env.PROSOPON_SECRET_ID,
});

const { items } = await client.collections.list();
if (!items.some(({ name }) => name === "staff"))
  await client.collections.create({ name: "staff", settings: { keep_crops: true } });
const staff = { collection: "staff" };
const { items: known } = await client.identities.list({ ...staff, externalId: "ada" });
if (known.length === 0) {
  const images = [await imageFile("ada-1.jpg")];
  await client.jobs.wait(await client.identities.create({ ...staff, images, externalId: "ada" }));
}

// One round trip: the answer is held until everybody in the photo has been looked for.
const { detail } = await client.identify({
  ...staff,
  image: await imageFile("visitor.jpg"),
  maxCandidates: 3,
});
const faces = detail?.kind === "identify" ? (detail.result?.faces ?? []) : [];
for (const { decision, score } of faces) console.log(decision, score?.toFixed(2) ?? ""); // match 1.00

await client.collections.delete("staff"); // and everybody in it
