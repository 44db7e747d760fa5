import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createDatabase,
  execute,
  query,
  type TestDatabase,
  testPostgres,
} from "../../../packages/service/test/postgres/database.ts";
import { newAccount } from "../../../packages/service/test/storage/samples.ts";
import { openService, type OpenService } from "../src/compose.ts";
import { temporaryDirectory } from "./command.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;
/** A node looks each minute. */
const LOOK_MS = 61_000;

describe.skipIf(reason !== undefined)(`an account too large for memory${reason ? `: ${reason}` : ""}`, () => {
  let database: TestDatabase;
  let data: string;
  let opened: OpenService[];
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    opened = [];
    data = await temporaryDirectory();
    database = await createDatabase(server.url);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await Promise.all(opened.map((one) => one.close()));
    await database.drop();
  });

  const open = async (role: "api" | "worker") => {
    const options = { data, blobs: join(data, "blobs"), databaseUrl: database.url, role };
    const one = await openService({ ...options, galleryFaces: 0, threads: 1, maxPixels: 1e8 });
    opened.push(one);
    return one;
  };
  const indexes = () => query(database.url, "SELECT account FROM search_indexes");

  it("gets its index from nodes that do jobs: API nodes make none, whatever their own memory holds", async () => {
    const { storage } = await open("api");
    await newAccount(storage);
    await execute(database.url, "UPDATE gallery_heads SET faces = 1000000");
    for (let looks = 0; looks < 3; looks++) {
      await vi.advanceTimersByTimeAsync(LOOK_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { promise: aWhile, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 500);
    await aWhile;
    expect(await indexes()).toEqual([]);

    await open("worker");
    await vi.advanceTimersByTimeAsync(LOOK_MS);
    await vi.waitFor(async () => expect(await indexes()).toHaveLength(1), 120_000);
  });
});
