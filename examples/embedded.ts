import { createClient } from "@prosopon/core";
import { imageFile } from "@prosopon/core/file";
import { createEngine } from "@prosopon/engine";
import { createService, openLocalBlobs } from "@prosopon/service";
import { openSqliteStorage } from "@prosopon/service/sqlite";

const storage = await openSqliteStorage({ directory: "faces" });
const blobs = await openLocalBlobs("faces/images");
const engine = createEngine();
const service = createService({ storage, blobs, engine });
await service.ready();

// A new secret with every start: none has to be kept.
const [account] = await service.accounts.list();
const credentials = account
  ? await service.accounts.rotate(account.clientId)
  : await service.accounts.create({ name: "my application" });
const client = createClient({ fetch: service.fetch, ...credentials });

const enrolled = await client.identities.list({ externalId: "ada" });
if (enrolled.items.length === 0) {
  const images = await Promise.all(["ada-1.jpg", "ada-2.jpg"].map(imageFile));
  await client.jobs.wait(await client.identities.create({ images, externalId: "ada" }));
}
const image = await imageFile("visitor.jpg");
const { matches } = await client.jobs.wait(await client.identities.search({ image }));
console.log(matches); // [{ identity_id: "…", score: 0.99… }]

await service.close();
await Promise.all([engine.close(), storage.close(), blobs.close()]);
