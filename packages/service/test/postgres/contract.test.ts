import { afterAll, describe, it } from "vitest";
import { migratePostgres } from "../../src/storage/postgres/migrate.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import { storageContract } from "../storage/contract.ts";
import { createDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();

if (typeof postgres === "string") {
  describe.skip(`PostgreSQL storage: ${postgres}`, () => it("keeps the contract", () => {}));
} else {
  const template = await createDatabase(postgres.url);
  await migratePostgres(template.url);
  afterAll(() => template.drop());

  // Both ways to search: from memory, and by pgvector.
  for (const galleryFaces of [2_000_000, 0]) {
    storageContract(galleryFaces > 0 ? "PostgreSQL" : "PostgreSQL without galleries", async () => {
      const database = await createDatabase(postgres.url, template.url);
      let storage = await openPostgresStorage({ url: database.url, connections: 4, galleryFaces });
      return {
        storage,
        async reopen() {
          await storage.close();
          return (storage = await openPostgresStorage({ url: database.url, connections: 4, galleryFaces }));
        },
        async cleanup() {
          await storage.close();
          await database.drop();
        },
      };
    });
  }
}
