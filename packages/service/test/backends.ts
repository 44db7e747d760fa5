import { migratePostgres } from "../src/storage/postgres/migrate.ts";
import { openPostgresStorage } from "../src/storage/postgres/open.ts";
import type { ServiceOptions } from "../src/index.ts";
import { createDatabase, testPostgres } from "./postgres/database.ts";

export interface Backend {
  name: string;
  /** Why it cannot be had here, in words. */
  skipped?: string;
  /** What `start` takes. `atEnd` runs what it is given last in, first out: so the storage is closed after the service. */
  open(atEnd: (close: () => Promise<unknown>) => void): Promise<Pick<Partial<ServiceOptions>, "storage">>;
}

const postgres = await testPostgres();

/** Both, for promises about the whole service. */
export const backends: readonly Backend[] = [
  { name: "SQLite", open: async () => ({}) },
  {
    name: "PostgreSQL",
    ...(typeof postgres === "string" && { skipped: postgres }),
    async open(atEnd) {
      if (typeof postgres === "string") throw new Error(postgres);
      const database = await createDatabase(postgres.url);
      await migratePostgres(database.url);
      const storage = await openPostgresStorage({ url: database.url, connections: 4 });
      atEnd(async () => {
        await storage.close();
        await database.drop();
      });
      return { storage };
    },
  },
];
