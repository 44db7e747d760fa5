import { randomUUID } from "node:crypto";
import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import type { Storage } from "@prosopon/service";
import { openPostgresStorage } from "@prosopon/service/postgres";
import pg from "pg";
import { startPostgres } from "../../tools/postgres.ts";
import { fillGallery } from "../cluster/gallery.ts";
import { enqueueImport, enqueueSearch, inLanes, mulberry32 } from "../cluster/jobs.ts";
import { percentile } from "../cluster/percentile.ts";
import { overhead, throughput } from "../cluster/queue.ts";
import { createMeter, type Meter } from "./meter.ts";
import type { Figures } from "./parameters.ts";

const NO_PHOTO = [{ blobId: "none", size: 0 }];
const LEASE = { leaseMs: 60_000, maxAttempts: 3 };
/** Each kind of transaction is repeated so often. */
const TIMES = 200;
/** The calmest of so many counts: other work on the machine comes and goes. */
const ROUNDS = 4;
const FLUSHES = 200;
const OTHERS = ".others_cores";
const HEADS = 20_000;
const GALLERY = 50_000;
/** Enrolments from which bytes a face are read: what pages round up is then 4 %. */
const STORED = 1_000;
const LISTENERS = 8;

/**
 * What the simulation needs and no other bench measures: how much of a core each transaction takes of PostgreSQL and of
 * the node, one at a time, what a flush of the log takes, and bytes. Beside it the queue's throughput, by the very code
 * of `bench cluster`, in the same minute: what the simulation is held against. Half a minute.
 */
export async function measureCosts(): Promise<Record<string, number>> {
  const server = await startPostgres();
  const { directory } = server;
  if (!directory)
    throw new Error("Unset PROSOPON_TEST_DATABASE_URL: what a server takes is read on its machine.");
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const storage = await openPostgresStorage({ url: server.url });
  const second = await openPostgresStorage({ url: server.url });
  try {
    const meter = await createMeter(client);
    const accounts: string[] = [];
    for (let i = 0; i < 200; i++) accounts.push(await newAccount(storage));
    const [one = ""] = accounts;
    await overhead(storage, one, 100); // warm
    const rounds: Figures[] = [];
    for (let n = 0; n < ROUNDS; n++) {
      const { result, figures } = await meter.all("queue", 1, () => queue([storage, second], accounts));
      rounds.push({
        ...result,
        [`queue${OTHERS}`]: figures[`queue${OTHERS}`]!,
        ...(await transactions(storage, accounts, meter)),
        ...(await messages(server.url, client, meter)),
      });
    }
    const figures = {
      ...calmest(rounds),
      "log.flush_ms": flushMs(directory),
      ...(await bytes(storage, client, accounts)),
      ...(await gallery(storage, client, await newAccount(storage), meter)),
      ...(await heads(client, meter)),
    };
    return Object.fromEntries(
      Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(4))]),
    );
  } finally {
    await storage.close();
    await second.close();
    await client.end();
    await server.stop();
  }
}

/** As `bench cluster` does it, with fewer jobs. */
async function queue(storages: readonly [Storage, Storage], accounts: string[]) {
  const [storage] = storages;
  const one = accounts[0]!;
  return {
    "queue.overhead_p50_ms": percentile(await overhead(storage, one, 200), 50),
    "queue.one_worker_jobs_per_s": await throughput([storage], accounts, 800),
    "queue.two_workers_jobs_per_s": await throughput(storages, accounts, 800),
    "queue.one_account_jobs_per_s": await throughput(storages, [one], 600),
  };
}

/** Of each phase the round in which others took least of the machine. */
function calmest(rounds: Figures[]): Figures {
  const phases = Object.keys(rounds[0]!).filter((name) => name.endsWith(OTHERS));
  return Object.assign(
    {},
    ...phases.map((others) => {
      const [calm] = rounds.toSorted((a, b) => a[others]! - b[others]!);
      const phase = others.slice(0, -OTHERS.length);
      return Object.fromEntries(Object.entries(calm!).filter(([name]) => name.startsWith(`${phase}.`)));
    }),
  ) as Figures;
}

async function newAccount(storage: Storage): Promise<string> {
  const id = randomUUID();
  const settings = { keepCrops: false, refuseMixedIdentities: false };
  const account = { id, clientId: id, name: "bench", secretHash: "-", settings, disabled: false };
  await storage.accounts.create({ ...account, createdAt: 0 });
  return id;
}

/** One at a time over many accounts: core time of both sides, and bytes of log, of each kind. */
async function transactions(storage: Storage, accounts: string[], meter: Meter) {
  const account = (n: number) => accounts[n % accounts.length]!;
  const claim = (limit: number) => storage.jobs.claim({ limit, now: Date.now(), ...LEASE });
  const claimAll = async (limit: number) => {
    const claims: Awaited<ReturnType<typeof claim>>[] = [];
    for (let n = 0; n < TIMES / limit; n++) claims.push(await claim(limit));
    return claims;
  };
  const answered = { type: "answered", result: {} } as const;
  const figures: Record<string, number> = {};

  Object.assign(
    figures,
    await meter.each("search.enqueue", TIMES, async (n) => enqueueSearch(storage, account(n), NO_PHOTO)),
  );
  const { result: first, ...single } = await meter.all("claim_one", TIMES, () => claimAll(1));
  for (const { id, leaseId } of first.flat())
    await storage.jobs.finish({ jobId: id, leaseId }, answered, Date.now());
  for (let n = 0; n < TIMES; n++) await enqueueSearch(storage, account(n), NO_PHOTO);
  const { result: claims, ...four } = await meter.all("claim_four", TIMES / 4, () => claimAll(4));
  const jobs = claims.flat();
  Object.assign(figures, single.figures, four.figures);
  Object.assign(figures, await meter.each("claim_none", TIMES, () => claim(8)));
  Object.assign(figures, await meter.each("read", TIMES, (n) => storage.jobs.get(account(n), jobs[n]!.id)));
  Object.assign(
    figures,
    await meter.each("search.finish", TIMES, (n) =>
      storage.jobs.finish({ jobId: jobs[n]!.id, leaseId: jobs[n]!.leaseId }, answered, Date.now()),
    ),
  );

  for (let n = 0; n < TIMES; n++) await enqueueImport(storage, account(n), NO_PHOTO, 1);
  const imports = (await claimAll(4)).flat();
  Object.assign(
    figures,
    await meter.each("enrol.finish", TIMES, (n) => finishEnrolment(storage, imports[n]!)),
  );
  return figures;
}

function finishEnrolment(storage: Storage, { id, leaseId }: { id: string; leaseId: string }) {
  const values = Float32Array.from({ length: 128 }, () => Math.random() - 0.5);
  const length = Math.hypot(...values);
  const face = {
    id: randomUUID(),
    quality: {
      score: 0.91,
      size: 61.5,
      sharpness: 0.82,
      exposure: 0.77,
      pose: { yaw: 1.25, pitch: -2.5, roll: 0.75 },
      reasons: [],
    },
    box: { x: 120.5, y: 80.25, width: 210.75, height: 250.5 },
    confidence: 0.987,
    embedding: values.map((value) => value / length),
  };
  const enrolled = {
    type: "enrolled" as const,
    identityId: randomUUID(),
    metadata: {},
    faces: [face],
    result: {},
  };
  return storage.jobs.finish({ jobId: id, leaseId }, enrolled, Date.now());
}

/** A notification by itself, and what each connection that listens adds to it. */
async function messages(url: string, client: pg.Client, meter: Meter) {
  const send = () => client.query("NOTIFY bench, 'as long as one with an account or two in it'");
  const alone = await meter.each("notify", TIMES, send);
  const listeners = Array.from({ length: LISTENERS }, () => new pg.Client({ connectionString: url }));
  for (const listener of listeners) {
    await listener.connect();
    await listener.query("LISTEN bench");
  }
  const heard = await meter.each("heard", TIMES, send);
  for (const listener of listeners) await listener.end();
  const more = (side: string) =>
    Math.max(0, (heard[`heard.${side}_ms`]! - alone[`notify.${side}_ms`]!) / LISTENERS);
  return {
    ...alone,
    "heard.database_ms": more("database"),
    "heard.node_ms": more("node"),
    [`heard${OTHERS}`]: heard[`heard${OTHERS}`]!,
  };
}

/** Of tables and indexes, by enrolments of one photo of one person each. */
async function bytes(storage: Storage, client: pg.Client, accounts: string[]) {
  const size = async () => {
    const { rows } = await client.query<{ bytes: number }>(
      "SELECT sum(pg_total_relation_size(t::regclass))::float8 AS bytes FROM unnest(ARRAY['identities', 'faces', 'vectors']) t",
    );
    return rows[0]!.bytes;
  };
  const before = await size();
  await inLanes(8, STORED, (n) => enqueueImport(storage, accounts[n % accounts.length]!, NO_PHOTO, 1));
  for (;;) {
    const jobs = await storage.jobs.claim({ limit: 8, now: Date.now(), ...LEASE });
    if (jobs.length === 0) break;
    await Promise.all(jobs.map((job) => finishEnrolment(storage, job)));
  }
  return { "disk.bytes_per_face": ((await size()) - before) / STORED };
}

async function gallery(storage: Storage, client: pg.Client, id: string, meter: Meter) {
  const { probes } = await fillGallery(client, id, { faces: GALLERY, probes: 2, random: mulberry32(7) });
  await client.query("VACUUM ANALYZE vectors");
  const per1000 = GALLERY / 1_000;
  const { figures } = await meter.all("load_per_1000", per1000, () =>
    storage.identities.nearest(id, probes[0]!.vector, 1),
  );
  return figures;
}

/** What an API node does every 2 s to lose no event: reads the heads of all accounts. */
async function heads(client: pg.Client, meter: Meter) {
  await client.query(
    `WITH made AS (
       INSERT INTO accounts (id, client_id, name, secret_hash, settings, disabled, created_at)
       SELECT 'n' || n, 'n' || n, '', '-', '{}', false, 0 FROM generate_series(1, $1::int) n RETURNING row)
     INSERT INTO event_heads (account) SELECT row FROM made`,
    [HEADS],
  );
  const { figures } = await meter.all("heads_per_1000", (10 * HEADS) / 1_000, async () => {
    for (let n = 0; n < 10; n++) await client.query("SELECT account, seq FROM event_heads");
  });
  return figures;
}

/** Median of what it takes to have 8 kB more of a file on the disk that the log is on, as PostgreSQL does it. */
function flushMs(directory: string): number {
  const file = openSync(path.join(directory, "flushed"), "w");
  const page = Buffer.alloc(8_192);
  writeSync(file, Buffer.alloc(FLUSHES * page.length)); // as the log's files are: written before
  fsyncSync(file);
  const times = Array.from({ length: FLUSHES }, (_, n) => {
    const start = performance.now();
    writeSync(file, page, 0, page.length, n * page.length);
    fdatasyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  return percentile(times, 50);
}
