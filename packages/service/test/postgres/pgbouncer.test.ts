import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { debianUnavailable, unlessRequired } from "../../../../tools/debian.ts";
import { startPgBouncer } from "../../../../tools/pgbouncer.ts";
import { migratePostgres } from "../../src/storage/postgres/migrate.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import type { StoredEvent } from "../../src/storage/types.ts";
import { atEnd, start } from "../fixture.ts";
import { storageContract } from "../storage/contract.ts";
import { enqueue, enrol, enrolment, face, newAccount } from "../storage/samples.ts";
import { createDatabase, query, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : unlessRequired(debianUnavailable());

/** Of each database: so few that two nodes of `CONNECTIONS` each take turns on them from one transaction to the next. */
const POOL_SIZE = 3;
const CONNECTIONS = 8;

if (typeof postgres === "string" || reason) {
  describe.skip(`PgBouncer: ${reason}`, () => it("keeps the contract", () => {}));
} else {
  const bouncer = await startPgBouncer(postgres.url, { poolSize: POOL_SIZE });
  const template = await createDatabase(postgres.url);
  await migratePostgres(template.url);
  afterAll(async () => {
    await template.drop();
    await bouncer.stop();
  });
  const open = (url: string) =>
    openPostgresStorage({ url: bouncer.through(url), directUrl: url, connections: CONNECTIONS });

  storageContract("PostgreSQL through PgBouncer in transaction mode", async () => {
    const database = await createDatabase(postgres.url, template.url);
    let storage = await open(database.url);
    return {
      storage,
      async reopen() {
        await storage.close();
        return (storage = await open(database.url));
      },
      async cleanup() {
        await storage.close();
        await database.drop();
      },
    };
  });

  describe("a node that has no other way than through PgBouncer", () => {
    it("takes a job of another node's within a second, though nobody can tell it", async () => {
      const database = await createDatabase(postgres.url, template.url);
      const other = await openPostgresStorage({ url: database.url, connections: 2 });
      const node = await openPostgresStorage({
        url: bouncer.through(database.url),
        connections: CONNECTIONS,
      });
      atEnd(async () => {
        await Promise.all([node.close(), other.close()]);
        await database.drop();
      });
      const api = await start({ storage: node });
      await api.service.ready();
      await sleep(500); // it listens, as far as it can, and has found nothing to do
      const accountId = await newAccount(other);
      const gone = { kind: "enrol", images: [{ blobId: "gone", size: 1 }] } as const;
      const waits: number[] = [];
      for (let i = 0; i < 4; i++) {
        const told = performance.now();
        const jobId = await enqueue(other, accountId, { ...gone, images: [...gone.images] });
        await expect
          .poll(async () => (await other.jobs.get(accountId, jobId))!.status, {
            interval: 20,
          })
          .toBe("Failed");
        waits.push(performance.now() - told);
      }
      // It looks every 250 ms. Whoever believes to be told looks every 5 s only.
      for (const ms of waits) expect(ms).toBeLessThan(1_500);
    });

    it("erases past the pooler and leaves nothing behind in the pool", async () => {
      const database = await createDatabase(postgres.url, template.url);
      const through = bouncer.through(database.url);
      const node = await openPostgresStorage({ url: through, galleryFaces: 0 });
      try {
        const locks =
          "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        expect(await query(database.url, locks)).toEqual([]);
        // Erasing, which has a connection of its own, sets nothing on it.
        const accountId = await newAccount(node);
        const { identityId } = await enrol(node, accountId, [face(1)]);
        await node.identities.delete(accountId, [identityId], 3000);
        await node.settle();
        const settings =
          "SELECT current_setting('client_connection_check_interval') AS checks, current_setting('max_parallel_maintenance_workers') AS workers";
        const untouched = { checks: "0", workers: "2" };
        for (let i = 0; i < POOL_SIZE; i++) expect(await query(through, settings)).toEqual([untouched]);
      } finally {
        await node.close();
        await database.drop();
      }
    });
  });

  describe("nodes behind one PgBouncer", () => {
    it("share few connections, hear each other and do every job once", async () => {
      const database = await createDatabase(postgres.url, template.url);
      const [api, worker] = [await open(database.url), await open(database.url)];
      try {
        const accounts = await Promise.all(Array.from({ length: 6 }, () => newAccount(api)));
        const heard: StoredEvent[] = [];
        let due = 0;
        api.events.listen(() => {});
        worker.events.listen((event) => heard.push(event));
        worker.events.onDue(() => due++);
        await sleep(300); // until it listens
        const jobs = await Promise.all(
          Array.from({ length: 90 }, (_, index) => enqueue(api, accounts[index % 6]!, enrolment)),
        );
        const ended: string[] = [];
        const work = async (node: typeof worker) => {
          for (;;) {
            const claimed = await node.jobs.claim({ limit: 4, leaseMs: 60_000, maxAttempts: 3, now: 2000 });
            if (claimed.length === 0) return;
            for (const { id: jobId, leaseId } of claimed) {
              const outcome = { type: "failed", error: "no face" } as const;
              if ((await node.jobs.finish({ jobId, leaseId }, outcome, 2000)).finished) ended.push(jobId);
            }
          }
        };
        await Promise.all([work(api), work(api), work(worker), work(worker)]);
        expect(ended.toSorted()).toEqual(jobs.toSorted());
        expect(due).toBeGreaterThan(0);
        await expect.poll(() => heard.length).toBe(90 * 3);
        const [open] = await query<{ pooled: number; direct: number }>(
          postgres.url,
          `SELECT count(*) FILTER (WHERE application_name = 'prosopon')::int AS pooled,
                  count(*) FILTER (WHERE application_name = 'prosopon events')::int AS direct
           FROM pg_stat_activity WHERE datname = $1`,
          [new URL(database.url).pathname.slice(1)],
        );
        expect(open!.pooled).toBeLessThanOrEqual(POOL_SIZE);
        expect(open!.direct).toBe(2);
      } finally {
        await Promise.all([api.close(), worker.close()]);
        await database.drop();
      }
    });
  });
}
