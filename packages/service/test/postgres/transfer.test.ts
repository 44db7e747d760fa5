import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, rm, truncate, unlink } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Database from "better-sqlite3";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLocalBlobs } from "../../src/blobs/local.ts";
import { openS3Blobs } from "../../src/blobs/s3.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/open.ts";
import { tables } from "../../src/storage/transfer/tables.ts";
import { type TransferOptions, transferToPostgres } from "../../src/storage/transfer/transfer.ts";
import type { Storage } from "../../src/storage/types.ts";
import { credentials, startS3 } from "../../../../tools/s3.ts";
import { embedding, enqueue, enrol, enrolment, face, newAccount, nearestIn } from "../storage/samples.ts";
import { createDatabase, execute, query, type TestDatabase, testPostgres } from "./database.ts";
import {
  answersOf,
  bytesOf,
  damage,
  type Filled,
  fillDirectory,
  fillWithFaces,
  removeDirectories,
  temporaryDirectory,
} from "./transfer/source.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const KILLS = 6;
/** Tables that only PostgreSQL has, about its own work. */
const OWN = ["erasures", "gallery_changes", "migrations"];
const server = postgres as Exclude<typeof postgres, string>;

afterAll(removeDirectories);

describe.skipIf(reason !== undefined)(
  `moving a directory to PostgreSQL${reason ? `: ${reason}` : ""}`,
  () => {
    let database: TestDatabase;
    let open: Storage[];
    const move = (from: string, options: Partial<TransferOptions> = {}) =>
      transferToPostgres({ from, to: database.url, ...options });
    const node = async () => {
      const storage = await openPostgresStorage({ url: database.url, connections: 4 });
      open.push(storage);
      return storage;
    };
    const embedded = async (directory: string) => {
      const storage = await openSqliteStorage({ directory });
      open.push(storage);
      return storage;
    };
    beforeEach(async () => {
      open = [];
      database = await createDatabase(server.url);
    });
    afterEach(async () => {
      await Promise.all(open.map((storage) => storage.close()));
      await database.drop();
    });

    describe("when all goes well", () => {
      let filled: Filled;
      beforeEach(async () => {
        filled = await fillDirectory(await temporaryDirectory());
      });

      it("has PostgreSQL answer what the directory answered, to the last digit and cursor", async () => {
        const before = await bytesOf(filled.directory);
        const report = await move(filled.directory);
        expect(report).toMatchObject({
          outcome: "moved",
          found: "nothing",
          images: { count: 6, bytes: 120_000 },
        });
        for (const table of report.tables) {
          expect(table.target, table.name).toEqual({ rows: table.rows, sha256: table.source });
          expect(table.rows, table.name).toBeGreaterThan(0);
        }
        expect(await bytesOf(filled.directory)).toEqual(before);

        const there = await answersOf(await node(), filled);
        const here = await answersOf(await embedded(filled.directory), filled);
        expect(there).toEqual(storable(here));
      });

      it("lets unfinished jobs end there, once, with their events behind those that clients have seen", async () => {
        await move(filled.directory);
        const storage = await node();
        const [first, second] = filled.accounts as [string, string];
        const heads = await Promise.all([first, second].map((account) => storage.events.head(account)));
        const claimed = await storage.jobs.claim({ limit: 10, leaseMs: 60_000, maxAttempts: 3, now: 10_000 });
        expect(claimed.map((job) => job.id).toSorted()).toEqual(
          [filled.started, ...filled.waiting].toSorted(),
        );
        expect(claimed.find((job) => job.id === filled.started)).toMatchObject({
          attempts: 2,
          startedAt: 9100,
        });
        for (const job of claimed) {
          await storage.jobs.finish(
            { jobId: job.id, leaseId: job.leaseId },
            { type: "answered", result: {} },
            11_000,
          );
        }
        const events = await storage.events.since(first, heads[0]!, 100);
        expect(events.complete).toBe(true);
        expect(events.events.map(({ seq }) => seq)).toEqual(
          events.events.map((_, index) => heads[0]! + 1 + index),
        );
        // The one that was under way was told as started before.
        expect(
          events.events.filter(({ jobId }) => jobId === filled.started).map(({ status }) => status),
        ).toEqual(["Succeeded"]);
        expect(await storage.jobs.nextDue(20_000)).toBeUndefined();
      });

      it("goes on with numbers behind those that were moved, and erases what came with the directory", async () => {
        await move(filled.directory);
        const storage = await node();
        const [first, second] = filled.accounts as [string, string];
        for (const job of await storage.jobs.claim({
          limit: 9,
          leaseMs: 1000,
          maxAttempts: 3,
          now: 10_000,
        })) {
          await storage.jobs.finish(
            { jobId: job.id, leaseId: job.leaseId },
            { type: "failed", error: "no" },
            10_000,
          );
        }
        const added = await enrol(storage, second, [face(900), face(901)], { now: 12_000 });
        expect((await nearestIn(storage, second, embedding(901), 1))[0]).toMatchObject({
          identityId: added.identityId,
          cosine: expect.closeTo(1, 6),
        });
        expect(await storage.jobs.retry(second, filled.dead, { id: "again", now: 12_000 })).toEqual({
          retried: true,
          jobId: "again",
        });
        expect((await storage.identities.delete(first, [filled.mentioned], 13_000)).deleted).toBe(true);
        expect((await storage.jobs.get(first, filled.search))!.result).toEqual({ candidates: [] });
        expect(await storage.faces.get(first, "gone")).toBeUndefined();
      });

      it("takes images along under their ids, into a directory or into object storage", async () => {
        const s3 = await startS3();
        const target = join(await temporaryDirectory(), "images");
        try {
          const store = await openS3Blobs({ ...credentials, endpoint: s3.endpoint });
          // A run that was cut short sent them elsewhere.
          const local = await openLocalBlobs(target, { shared: true });
          await expect(
            move(filled.directory, {
              images: { name: target, store: { ...local, open: async () => undefined } },
            }),
          ).rejects.toThrow(/is missing where the images were moved to/);
          const report = await move(filled.directory, { images: { name: "s3://images", store } });
          expect(report).toMatchObject({ outcome: "moved", found: "unfinished" });
          const needed = [...(await (await node()).referencedBlobs())].toSorted();
          expect(needed).toHaveLength(6);
          expect((await s3.look()).keys.toSorted()).toEqual(needed);
          for (const blobId of needed) {
            const sent = await readFile(join(filled.directory, "blobs", blobId));
            const copy = await store.open(blobId);
            expect(sent.equals(await readFile(copy!.path)), blobId).toBe(true);
            await copy!.release();
            expect(sent.equals(await readFile(join(target, blobId))), blobId).toBe(true);
          }
          await store.close();
        } finally {
          await s3.close();
        }
      });

      it("only tells what it would do in a dry run, also beside a running server", async () => {
        const running = await embedded(filled.directory);
        await enqueue(running, filled.accounts[0]!, enrolment);
        const report = await move(filled.directory, { dryRun: true });
        expect(report).toMatchObject({
          outcome: "planned",
          found: "nothing",
          database: { pgvector: "0.8.0" },
        });
        expect(report.tables.find(({ name }) => name === "jobs")!.rows).toBeGreaterThan(5);
        expect(await query(database.url, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
      });

      it("says so when it is asked to move again what it has moved, and changes nothing", async () => {
        await move(filled.directory);
        const storage = await node();
        await enqueue(storage, filled.accounts[0]!, enrolment, 20_000);
        expect(await move(filled.directory)).toMatchObject({ outcome: "before" });
        await expect(answersOf(storage, filled)).resolves.toBeDefined();
      });
    });

    describe("under kill -9", () => {
      it("goes on where it was until all is there once, and no node opens it before", async () => {
        const directory = await temporaryDirectory();
        await fillWithFaces(directory, 8_000);
        const before = await bytesOf(directory);
        let closed = 0;
        for (let kill = 0; kill < KILLS; kill++) {
          let left = 1 + Math.floor(Math.random() * 40);
          await moveUntil(directory, (line) => !line.startsWith("reading") && --left <= 0);
          const [unfinished] = (await begun(database.url))
            ? await query(database.url, "SELECT 1 FROM transfers WHERE finished_at IS NULL")
            : [];
          if (!unfinished) continue;
          closed++;
          await expect(node()).rejects.toThrow(/transfer into this database is unfinished/);
        }
        expect(closed).toBeGreaterThan(0);
        expect(await moveUntil(directory, () => false)).toMatch(/moved|before/);
        expect(await bytesOf(directory)).toEqual(before);
        const storage = await node();
        const accountId = (await storage.accounts.list())[0]!.id;
        expect(await storage.identities.count(accountId)).toEqual({ identities: 16, faces: 8_000 });
        expect(await move(directory)).toMatchObject({ outcome: "before" });
      });

      it("finds by its checksum what was changed in between, names it, and leaves the database closed", async () => {
        const directory = await temporaryDirectory();
        await fillWithFaces(directory, 2_500);
        await moveUntil(directory, (line) => line.startsWith("moving jobs"));
        const [changed] = await query<{ id: string }>(
          database.url,
          "UPDATE faces SET confidence = 0.5 WHERE slot = 1234 RETURNING id",
        );
        await execute(
          database.url,
          "UPDATE vectors SET embedding = (SELECT embedding FROM vectors WHERE slot = 1) WHERE slot = 2000",
        );
        const report = await move(directory);
        expect(report.outcome).toBe("differs");
        expect(
          report.tables.filter(({ differs }) => differs).map(({ name, differs }) => [name, differs]),
        ).toEqual([
          ["faces", changed!.id],
          ["vectors", "2000"],
        ]);
        await expect(node()).rejects.toThrow(/unfinished/);
      });

      /** Kills it at a line of its progress; what it said at its end, or "killed". */
      async function moveUntil(directory: string, when: (line: string) => boolean): Promise<string> {
        const script = join(import.meta.dirname, "transfer/until-killed.ts");
        const child = spawn(process.execPath, [
          "--conditions=@prosopon/source",
          script,
          directory,
          database.url,
        ]);
        let output = "";
        let errors = "";
        child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
        createInterface(child.stdout).on("line", (line) => {
          output += `${line}\n`;
          if (when(line)) child.kill("SIGKILL");
        });
        await once(child, "close");
        expect(errors).toBe("");
        return /^(moved|before)$/m.exec(output)?.[0] ?? "killed";
      }
    });

    describe("refuses", () => {
      let filled: Filled;
      beforeEach(async () => {
        filled = await fillDirectory(await temporaryDirectory());
      });

      it("a directory that a server runs on", async () => {
        await embedded(filled.directory);
        await expect(move(filled.directory)).rejects.toMatchObject({
          code: "locked",
          message: /Stop it first/,
        });
        expect(await begun(database.url)).toBe(false);
      });

      it("a directory without data, and a database that cannot be reached", async () => {
        await expect(move(await temporaryDirectory())).rejects.toThrow(/no Prosopon data/);
        await expect(
          transferToPostgres({ from: filled.directory, to: "postgres://postgres@127.0.0.1:1/none" }),
        ).rejects.toMatchObject({ code: "unusable" });
      });

      it("data that is damaged, cut off, or without its images", async () => {
        const copy = async () => {
          const directory = await temporaryDirectory();
          await cp(filled.directory, directory, { recursive: true });
          return directory;
        };
        const damaged = await copy();
        await damage(join(damaged, "prosopon.db"));
        await expect(move(damaged)).rejects.toThrow(/damaged or was copied in part/);
        const cut = await copy();
        await truncate(join(cut, "prosopon.db"), 40_960);
        await expect(move(cut)).rejects.toThrow(/damaged or was copied in part/);
        const bare = await copy();
        await rm(join(bare, "blobs"), { recursive: true });
        await expect(move(bare)).rejects.toThrow(/image .* is missing/);
        const half = await copy();
        const [blobId] = await (await embedded(half)).referencedBlobs();
        await Promise.all(open.splice(0).map((storage) => storage.close()));
        await truncate(join(half, "blobs", blobId!), 100);
        await expect(move(half)).rejects.toThrow(/image .* is not whole/);
        const zeroed = await copy();
        const db = new Database(join(zeroed, "prosopon.db"));
        db.exec("UPDATE vectors SET embedding = zeroblob(512) WHERE slot = (SELECT min(slot) FROM faces)");
        db.close();
        await expect(move(zeroed)).rejects.toThrow(
          /damaged or was copied in part: An embedding has length 1/,
        );
        expect(await begun(database.url)).toBe(false);
      });

      it("a database that is in use, or that servers are connected to", async () => {
        const storage = await node();
        storage.events.listen(() => {});
        await expect
          .poll(() => move(filled.directory).catch((error: Error) => error.message))
          .toMatch(/servers are connected/i);
        await enqueue(storage, await newAccount(storage), enrolment);
        await expect(move(filled.directory)).rejects.toThrow(/in use already: it holds accounts/);
      });

      it("a database in use by the release before, without changing its schema", async () => {
        await execute(database.url, "CREATE TABLE accounts (row integer); INSERT INTO accounts VALUES (1)");
        await expect(move(filled.directory)).rejects.toThrow(/in use already: it holds accounts/);
        expect(await query(database.url, "SELECT to_regclass('migrations')::text AS there")).toEqual([
          { there: null },
        ]);
      });

      it("to go on with another directory, or with one that has changed, and names what has", async () => {
        const store = await openLocalBlobs(await temporaryDirectory());
        const failing = { ...store, put: () => Promise.reject(new Error("the disk is full")) };
        await expect(
          move(filled.directory, { images: { name: "elsewhere", store: failing } }),
        ).rejects.toThrow("full");
        const other = await fillDirectory(await temporaryDirectory());
        await expect(move(other.directory)).rejects.toThrow(/unfinished transfer of another directory/);
        await unlink(join(filled.directory, "lock.db"));
        const storage = await embedded(filled.directory);
        await storage.sessions.revoke(filled.sessions[0]!);
        await storage.close();
        await expect(move(filled.directory)).rejects.toThrow(/before it changed \(in sessions\)/);
      });
    });

    it("leaves out no column of a directory's tables, and no table of PostgreSQL's", async () => {
      const directory = await temporaryDirectory();
      await (await embedded(directory)).close();
      const db = new Database(join(directory, "prosopon.db"), { readonly: true });
      const all = db
        .prepare<[], { place: string; name: string }>(
          "SELECT t.name AS place, c.name FROM pragma_table_list t JOIN pragma_table_info(t.name) c WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%' ORDER BY 1, 2",
        )
        .all();
      db.close();
      const left = all.filter(
        ({ place, name }) =>
          !tables.some(
            (table) =>
              new RegExp(`\\b${place}\\b`).test(table.from) &&
              table.columns.some((column) => new RegExp(`\\b${name}\\b`).test(column.from)),
          ),
      );
      expect(left.map(({ place, name }) => `${place}.${name}`)).toEqual([
        // Space.
        "crops.padding",
        "free_slots.recogniser",
        "free_slots.slot",
        // Whoever held a lease is gone.
        "jobs.lease_id",
      ]);

      await (await node()).close();
      const there = await query<{ name: string }>(
        database.url,
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1",
      );
      const moved = new Set(
        tables.flatMap(({ name, columns }) => columns.map((column) => `${name}.${column.name}`)),
      );
      const missing = there
        .map(({ name }) => name)
        .filter((name) => !moved.has(name) && !OWN.includes(name.split(".")[0]!));
      expect(missing).toEqual([
        // In crops.jpeg, enciphered here.
        "crop_keys.key",
        "crop_keys.slot",
        "crops.sealed",
        // Begin anew: no node holds a gallery.
        "galleries.pruned",
        "galleries.seq",
      ]);
    });
  },
);

/** What PostgreSQL cannot hold is replaced on the way (storage/postgres/text.ts), in keys too. */
function storable(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed().replaceAll("\0", "\uFFFD");
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [storable(key), storable(part)]));
}

async function begun(url: string): Promise<boolean> {
  const [row] = await query<{ there: boolean }>(url, "SELECT to_regclass('transfers') IS NOT NULL AS there");
  return row!.there;
}
