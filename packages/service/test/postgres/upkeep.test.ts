import { Writable } from "node:stream";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import type { Storage } from "../../src/storage/types.ts";
import { newAccount } from "../storage/samples.ts";
import { createDatabase, execute, query, type TestDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;
const PATIENCE = { timeout: 120_000, interval: 50 };

describe.skipIf(reason !== undefined)(
  `who looks after large accounts' indexes${reason ? `: ${reason}` : ""}`,
  () => {
    let database: TestDatabase;
    let nodes: Storage[];
    let log: string[];
    const logger = pino(new Writable({ write: (line, _, done) => (log.push(String(line)), done()) }));
    const open = async (indexes: { faces: number; checkMs: number } | false) => {
      const node = await openPostgresStorage({
        url: database.url,
        connections: 4,
        galleryFaces: 0,
        indexes,
        logger,
      });
      nodes.push(node);
      return node;
    };
    const states = () => query<{ state: string }>(database.url, "SELECT state FROM search_indexes");

    beforeEach(async () => {
      [nodes, log] = [[], []];
      database = await createDatabase(server.url);
      await newAccount(await open(false));
      // As large as the rule asks for; what it counts is enough.
      await execute(database.url, "UPDATE gallery_heads SET faces = 600");
    });
    afterEach(async () => {
      await Promise.all(nodes.map((node) => node.close()));
      await database.drop();
    });

    it("is the nodes that are told to, and no other", async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await states()).toEqual([]);
      await open({ faces: 600, checkMs: 20 });
      await vi.waitFor(async () => expect(await states()).toHaveLength(1), PATIENCE);
    });

    it("says in the log what went wrong, without the values that PostgreSQL quotes", async () => {
      await execute(
        database.url,
        "ALTER TABLE search_indexes ADD CONSTRAINT nothing_goes_in CHECK (faces < 0)",
      );
      await open({ faces: 600, checkMs: 20 });
      await vi.waitFor(() => expect(log.join("")).toContain("nothing_goes_in"), PATIENCE);
      const [first] = log.map((line) => JSON.parse(line) as { level: number; msg: string });
      expect(first).toMatchObject({ level: 40, msg: expect.stringContaining("large account") });
      expect(log.join("")).not.toContain("Failing row");
      expect(log.join("")).not.toContain("building");
    });
  },
);
