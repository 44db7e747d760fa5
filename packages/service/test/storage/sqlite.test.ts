import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStorage } from "../../src/storage/sqlite/open.ts";
import { storageContract } from "./contract.ts";

storageContract("SQLite", async () => {
  const directory = await mkdtemp(join(tmpdir(), "prosopon-sqlite-"));
  let storage = await openSqliteStorage({ directory });
  return {
    storage,
    async reopen() {
      await storage.close();
      return (storage = await openSqliteStorage({ directory }));
    },
    async cleanup() {
      await storage.close();
      await rm(directory, { recursive: true });
    },
  };
});
