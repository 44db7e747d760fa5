import { createClient } from "@prosopon/core";
import { imageFile } from "@prosopon/core/file";

const client = createClient({
  baseUrl: process.env.PROSOPON_URL ?? "http://127.0.0.1:4000",
  clientId: process.env.PROSOPON_CLIENT_ID,
  secretId: process.env.PROSOPON_SECRET_ID,
});
const photos = await Promise.all(["ada-1.jpg", "ada-2.jpg"].map(imageFile));
const { identityId } = await client.jobs.wait(await client.identities.create({ images: photos }));

const image = await imageFile("visitor.jpg");
const { matches } = await client.jobs.wait(await client.identities.search({ image }));
const best = matches?.[0];
console.log(best?.identity_id === identityId ? `welcome back (${best?.score})` : "nobody we know");
