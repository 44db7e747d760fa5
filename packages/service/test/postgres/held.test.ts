import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Banks } from "../../src/gallery/slab.ts";
import { createContext } from "../../src/storage/postgres/context.ts";
import { createDatabase as connect, type Database } from "../../src/storage/postgres/database.ts";
import { loadGallery } from "../../src/storage/postgres/matching/held.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import type { Storage } from "../../src/storage/types.ts";
import { enrol, face, newAccount, settings } from "../storage/samples.ts";
import { createDatabase, query, type TestDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;

describe.skipIf(reason !== undefined)(`a gallery in memory${reason ? `: ${reason}` : ""}`, () => {
  let made: TestDatabase;
  let storage: Storage;
  let database: Database;
  beforeAll(async () => {
    made = await createDatabase(server.url);
    storage = await openPostgresStorage({ url: made.url, connections: 4 });
    database = connect(made.url, 2, {});
  });
  afterAll(async () => {
    await database.end();
    await storage.close();
    await made.drop();
  });

  it("is not kept up when its collection has been deleted: whoever searches it must not ask again for ever", async () => {
    const accountId = await newAccount(storage);
    const collectionId = "collection-of-one";
    const about = { accountId, name: "staff", settings };
    await storage.collections.create({ ...about, id: collectionId, createdAt: 1000, updatedAt: 1000 });
    await enrol(storage, accountId, [face(1)], { collectionId });
    const [gallery] = await query<{ row: number }>(made.url, "SELECT row FROM galleries");
    const held = await loadGallery(createContext(database), new Banks(), gallery!.row);
    expect(held.slab.size).toBe(1);
    expect(await held.catchUp()).toBe(true);
    await storage.collections.delete({ accountId, collectionId }, 2000);
    expect(await held.catchUp()).toBe(false);
  });
});
