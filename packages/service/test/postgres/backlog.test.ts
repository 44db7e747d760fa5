import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import type { JobPayload, Storage } from "../../src/storage/types.ts";
import { enqueue, enrolment, newAccount } from "../storage/samples.ts";
import { createDatabase, execute, query, type TestDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;
const WAITING = 100_000;
const CYCLES = 40;
const search: JobPayload = { kind: "search", images: [], maxResult: 5 };

describe.skipIf(reason !== undefined)(
  `one account's ${WAITING.toLocaleString("en")} enrolments that wait${reason ? `: ${reason}` : ""}`,
  () => {
    let database: TestDatabase;
    let storage: Storage;
    let [importer, other] = ["", ""];
    beforeAll(async () => {
      database = await createDatabase(server.url);
      storage = await openPostgresStorage({ url: database.url, connections: 2 });
      [importer, other] = [await newAccount(storage), await newAccount(storage)];
      await fill();
      await cycles(5);
    });
    afterAll(async () => {
      await storage.close();
      await database.drop();
    });

    /** As enqueueing them one by one leaves them, but in seconds. */
    async function fill(): Promise<void> {
      await query(
        database.url,
        `WITH head AS (SELECT h.* FROM account_heads h JOIN accounts a ON a.row = h.account WHERE a.id = $1),
           waiting AS (INSERT INTO jobs (account, id, kind, rank, turn, status, payload, due_at, created_at)
             SELECT head.account, 'waiting-' || n, 'enrol', 1, head.import_turn + 2 * n, 'Sent', '{"kind":"enrol","images":[]}', 0, 1000
             FROM head, generate_series(1, $2::int) n RETURNING row, account, turn),
           told AS (INSERT INTO events (account, seq, job, status)
             SELECT head.account, head.seq + row_number() OVER (ORDER BY waiting.row), waiting.row, 'Sent' FROM waiting, head)
         UPDATE account_heads h SET seq = h.seq + $2, import_turn = h.import_turn + 2 * $2 FROM head WHERE h.account = head.account`,
        [importer, WAITING],
      );
      await execute(database.url, "ANALYZE jobs");
    }

    /** Searches of the other account, from their sending to their end. */
    async function cycles(count: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        const jobId = await enqueue(storage, other, search);
        const [claimed] = await storage.jobs.claim({ limit: 1, leaseMs: 60_000, maxAttempts: 3, now: 2000 });
        expect(claimed).toMatchObject({ id: jobId, accountId: other });
        await storage.jobs.finish(
          { jobId, leaseId: claimed!.leaseId },
          { type: "answered", result: { candidates: [] } },
          2000,
        );
      }
    }

    it("let another account's search go first, and its enrolment after one of them", async () => {
      const enrols = await enqueue(storage, other, enrolment);
      const searches = await enqueue(storage, other, search);
      const claimed = await storage.jobs.claim({ limit: 3, leaseMs: 60_000, maxAttempts: 3, now: 2000 });
      expect(claimed.map(({ id }) => id)).toEqual([searches, "waiting-1", enrols]);
      for (const { id: jobId, leaseId } of claimed)
        await storage.jobs.release({ jobId, leaseId }, { at: 600_000, countAttempt: false });
    });

    it("do not slow down another account's sending, nor a worker's claim: a few rows of the table are read for each job", async () => {
      const rows = async () =>
        (
          await query<{ read: number }>(
            database.url,
            "SELECT (seq_tup_read + idx_tup_fetch)::int AS read FROM pg_stat_user_tables WHERE relname = 'jobs'",
          )
        )[0]!.read;
      // PostgreSQL counts what a connection read when it ends, at the latest.
      const reopen = async () => {
        await storage.close();
        storage = await openPostgresStorage({ url: database.url, connections: 2 });
      };
      await reopen();
      await settled(rows);
      const read = await rows();
      await cycles(CYCLES);
      await reopen();
      await vi.waitFor(async () => expect(await rows()).toBeGreaterThan(read), 120_000);
      expect((await settled(rows)) - read).toBeLessThan(100 * CYCLES);
    });
  },
);

/** The number once it has not changed for half a second. */
async function settled(number: () => Promise<number>): Promise<number> {
  for (let last = await number(); ;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const next = await number();
    if (next === last) return next;
    last = next;
  }
}
