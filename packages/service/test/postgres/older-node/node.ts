import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import * as sql from "./statements.ts";

/** A node of schema version 1: its statements, in the transactions and the order in which it sent them. */
export interface OlderNode {
  createAccount(id: string): Promise<void>;
  enqueue(job: {
    id: string;
    accountId: string;
    kind: Kind;
    externalId?: string;
    blobIds?: string[];
  }): Promise<void>;
  claim(options: { limit: number; leaseMs: number; maxAttempts: number; now: number }): Promise<Claimed[]>;
  /** Ids of the jobs whose leases were held. */
  renew(leases: Lease[], until: number): Promise<string[]>;
  /** Gives a job back, its try counted. */
  release(lease: Lease, at: number): Promise<void>;
  /** False when the lease had passed on. */
  finish(lease: Lease, outcome: Outcome): Promise<boolean>;
  deleteIdentity(accountId: string, identityId: string): Promise<boolean>;
  /** The nearest identity by its gallery in memory, caught up by numbered changes; and by pgvector. */
  nearest(accountId: string, probe: Float32Array): Promise<Near | undefined>;
  scan(accountId: string, probe: Float32Array): Promise<Near | undefined>;
  referencedBlobs(): Promise<string[]>;
  /** What it told its subscribers, from when `listen` resolved. */
  readonly told: Told[];
  listen(): Promise<void>;
  close(): Promise<void>;
}

type Kind = "enrol" | "search";
export interface Lease {
  jobId: string;
  leaseId: string;
}
export interface Claimed extends Lease {
  accountId: string;
  kind: Kind;
  externalId?: string;
  attempts: number;
}
type Outcome =
  | {
      type: "enrolled";
      identityId: string;
      externalId?: string;
      faces: { id: string; embedding: Float32Array }[];
    }
  | { type: "answered"; candidates: string[] };
interface Near {
  identityId: string;
  cosine: number;
}
export interface Told {
  accountId: string;
  seq: number;
  jobId: string;
  status: string;
}

interface Row {
  row: number;
  account: number;
  account_id: string;
  id: string;
  kind: Kind;
  status: string;
  payload: { kind: Kind; externalId?: string; images: unknown[] };
  attempts: number;
  lease_id: string | null;
  finished_at: number | null;
}
interface Change {
  job: Row;
  status: string;
}
type Query = <R extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<R[]>;

const NOW = 2_000;
const RANK = { search: 0, enrol: 1 };
const MAX_CONFLICTS = 8;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8
      ? Number
      : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
};

/** @param slowMs between the statements of its transactions, so that others come in between */
export function openOlderNode(url: string, { connections = 8, slowMs = 0 } = {}): OlderNode {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    types,
    application_name: "older node",
  });
  pool.on("error", () => {});
  const origin = randomBytes(6).toString("base64url");
  const accounts = new Map<string, number>();
  const read: Query = async (text, values) => (await pool.query(text, values)).rows;

  async function accountRow(id: string): Promise<number> {
    const known = accounts.get(id) ?? (await read<{ row: number }>(sql.ACCOUNT_ROW, [id]))[0]!.row;
    accounts.set(id, known);
    return known;
  }

  /** Serialisation failures and deadlocks start the work again. */
  async function transaction<T>(
    work: (query: Query, changed: (changes: Change[]) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      const client = await pool.connect();
      const moved = new Map<number, number>();
      const query: Query = async (text, values) => {
        const { rows } = await client.query(text, values);
        if (slowMs > 0) await sleep(slowMs * Math.random());
        return rows;
      };
      try {
        await client.query("BEGIN");
        const result = await work(query, async (changes) => {
          for (const { account, seq } of await record(query, changes))
            moved.set(account, Math.max(seq, moved.get(account) ?? 0));
        });
        await client.query("COMMIT");
        if (moved.size > 0) await notify(moved);
        return result;
      } catch (error) {
        await client.query("ROLLBACK").catch(() => {});
        if (!/^(40001|40P01)$/.test((error as { code?: string }).code ?? "") || tries === MAX_CONFLICTS)
          throw error;
      } finally {
        client.release();
      }
      await sleep(Math.random() * 10 * tries);
    }
  }

  function record(query: Query, changes: Change[]): Promise<{ account: number; seq: number }[]> {
    if (changes.length === 0) return Promise.resolve([]);
    return query(sql.RECORD_EVENTS, [
      changes.map(({ job }) => job.account),
      changes.map(({ job }) => job.row),
      changes.map(({ status }) => status),
    ]);
  }

  const notify = (moved: Map<number, number>) =>
    read(
      `NOTIFY prosopon, '${origin};1;${[...moved].map(([account, seq]) => `${account}:${seq}`).join(",")}'`,
    );

  async function end(
    query: Query,
    jobs: Row[],
    ending: { result?: object; error?: string; identityId?: string },
  ): Promise<Change[]> {
    const status = ending.result ? "Succeeded" : "Failed";
    for (const job of jobs) {
      const result = ending.result ? JSON.stringify(ending.result) : null;
      await query(sql.END, [job.row, status, result, ending.error ?? null, ending.identityId ?? null, NOW]);
    }
    return jobs.map((job) => ({ job, status }));
  }

  async function changeGallery(
    query: Query,
    account: number,
    faces: { slot: number; identity: number }[],
    gone: boolean,
  ) {
    if (faces.length === 0) return;
    await query(sql.RECORD_CHANGES, [
      account,
      faces.length,
      gone ? -faces.length : faces.length,
      gone,
      faces.map(({ slot }) => slot),
      faces.map(({ identity }) => identity),
    ]);
  }

  async function enrol(
    query: Query,
    job: Row,
    outcome: Extract<Outcome, { type: "enrolled" }>,
  ): Promise<Change[]> {
    const { identityId, externalId = null, faces } = outcome;
    const [identity] = await query<{ row: number }>(sql.INSERT_IDENTITY, [
      job.account,
      identityId,
      externalId,
      "{}",
      externalId ?? "",
      NOW,
    ]);
    if (!identity)
      return end(query, [job], {
        error: "The external id of this enrolment already belongs to another identity of the account.",
      });
    const slots: number[] = [];
    for (const { id, embedding } of faces) {
      const values = [
        job.account,
        identity.row,
        id,
        '{"score":0.9}',
        '{"x":1,"y":2,"width":3,"height":4}',
        0.99,
        true,
        NOW,
      ];
      const [face] = await query<{ slot: number }>(sql.INSERT_FACE, [...values, text(embedding)]);
      slots.push(face!.slot);
      await query(sql.INSERT_CROP, [face!.slot, randomBytes(32), randomBytes(64)]);
    }
    await changeGallery(
      query,
      job.account,
      slots.map((slot) => ({ slot, identity: identity.row })),
      false,
    );
    return end(query, [job], { result: { face_ids: faces.map(({ id }) => id) }, identityId });
  }

  async function answer(query: Query, job: Row, candidates: string[]): Promise<Change[]> {
    const named = await query<{ id: string }>(sql.NAME_CANDIDATES, [job.account, candidates, job.row]);
    const there = new Set(named.map(({ id }) => id));
    const result = candidates
      .filter((id) => there.has(id))
      .map((identity_id) => ({ identity_id, face_id: "f", score: 0.9, cosine: 0.5 }));
    return end(query, [job], { result: { candidates: result } });
  }

  const galleries = new Map<number, { seq: number; faces: Map<number, Float32Array> }>();
  async function gallery(account: number): Promise<Map<number, Float32Array>> {
    const known = galleries.get(account);
    const held = known ?? { seq: 0, faces: new Map<number, Float32Array>() };
    galleries.set(account, held);
    if (!known)
      await transaction(async (query) => {
        await query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        held.seq = (await query<{ seq: number }>(sql.GALLERY_HEAD, [account]))[0]!.seq;
        for (const { slot, sent } of await query<{ slot: number; sent: Buffer }>(sql.LOAD_GALLERY, [account]))
          held.faces.set(slot, vector(sent));
      });
    type Step = { pruned: number; seq: number | null; slot: number; gone: boolean; sent: Buffer | null };
    for (const { pruned, seq, slot, gone, sent } of await read<Step>(sql.CATCH_UP, [account, held.seq])) {
      if (pruned > held.seq) throw new Error("changes that this node still needed are forgotten");
      if (seq === null) break;
      if (gone) held.faces.delete(slot);
      else if (sent) held.faces.set(slot, vector(sent));
      held.seq = seq;
    }
    return held.faces;
  }

  async function named(best: { slot: number; cosine: number } | undefined): Promise<Near | undefined> {
    const [name] = best ? await read<{ identity_id: string }>(sql.NAMES, [[best.slot]]) : [];
    return name && { identityId: name.identity_id, cosine: best!.cosine };
  }

  const told: Told[] = [];
  const cursors = new Map<number, number>();
  let listener: pg.Client | undefined;
  let reading: Promise<void> = Promise.resolve();
  async function readOn(): Promise<void> {
    for (const { account } of await read<{ account: number }>(sql.HEADS))
      cursors.set(account, cursors.get(account) ?? 0);
    type Event = { account: number; account_id: string; seq: number; job_id: string; status: string };
    const rows = await read<Event>(sql.READ_EVENTS, [[...cursors.keys()], [...cursors.values()]]);
    for (const { account, account_id, seq, job_id, status } of rows) {
      cursors.set(account, seq);
      told.push({ accountId: account_id, seq, jobId: job_id, status });
    }
  }

  return {
    told,
    async createAccount(id) {
      await transaction(async (query) => {
        const [account] = await query<{ row: number }>(sql.CREATE_ACCOUNT, [
          id,
          `client-${id}`,
          "Test",
          "$argon2id$test",
          '{"keepCrops":true,"refuseMixedIdentities":false}',
          false,
          NOW,
        ]);
        await query(sql.CREATE_HEADS, [account!.row]);
      });
    },
    async enqueue({ id, accountId, kind, externalId, blobIds = [] }) {
      const account = await accountRow(accountId);
      const images = blobIds.map((blobId) => ({ blobId, size: 1 }));
      const payload = {
        kind,
        images,
        ...(kind === "search" && { maxResult: 3 }),
        ...(externalId !== undefined && { externalId }),
      };
      await transaction(async (query, changed) => {
        const [job] = await query<Row>(sql.ENQUEUE, [
          account,
          id,
          kind,
          RANK[kind],
          JSON.stringify(payload),
          NOW,
          null,
        ]);
        if (images.length > 0) await query(sql.ENQUEUE_IMAGES, [job!.row, blobIds]);
        await changed([{ job: job!, status: "Sent" }]);
      });
    },
    claim: ({ limit, leaseMs, maxAttempts, now }) =>
      transaction(async (query, changed) => {
        const due = await query<Row>(sql.CLAIM, [now, limit]);
        const spent = due.filter(({ attempts }) => attempts >= maxAttempts);
        const taken = due
          .filter(({ attempts }) => attempts < maxAttempts)
          .map((job) => ({ job, leaseId: randomUUID() }));
        if (due.length === 0) return [];
        await query(sql.TAKE, [
          taken.map(({ job }) => job.row),
          taken.map(({ leaseId }) => leaseId),
          now + leaseMs,
          now,
        ]);
        await changed([
          ...(await end(query, spent, {
            error: `Given up after ${maxAttempts} attempts, none of which came to an end.`,
          })),
          ...taken
            .filter(({ job }) => job.status !== "Started")
            .map(({ job }) => ({ job, status: "Started" })),
        ]);
        return taken.map(({ job, leaseId }) => ({
          jobId: job.id,
          leaseId,
          accountId: job.account_id,
          kind: job.kind,
          attempts: job.attempts + 1,
          ...(job.payload.externalId !== undefined && { externalId: job.payload.externalId }),
        }));
      }),
    async renew(leases, until) {
      const held = await transaction((query) =>
        query<{ id: string }>(sql.RENEW, [
          leases.map(({ jobId }) => jobId),
          leases.map(({ leaseId }) => leaseId),
          until,
        ]),
      );
      return held.map(({ id }) => id);
    },
    release: ({ jobId, leaseId }, at) =>
      transaction(async (query, changed) => {
        const [job] = await query<Row>(sql.RELEASE, [jobId, leaseId, at, 0]);
        if (job) await changed([{ job, status: "Sent" }]);
      }),
    finish: ({ jobId, leaseId }, outcome) =>
      transaction(async (query, changed) => {
        const [job] = await query<Row>(sql.HOLD_LEASED, [jobId, leaseId]);
        if (job?.status !== "Started") return false;
        await changed(
          outcome.type === "enrolled"
            ? await enrol(query, job, outcome)
            : await answer(query, job, outcome.candidates),
        );
        return true;
      }),
    async deleteIdentity(accountId, identityId) {
      const account = await accountRow(accountId);
      return transaction(async (query, changed) => {
        await query<Row>(sql.JOBS_OF, [account, [identityId]]);
        const identities = await query<{ row: number }>(sql.HOLD_IDENTITIES, [account, [identityId]]);
        if (identities.length === 0) return false;
        const own = await query<Row>(sql.JOBS_OF, [account, [identityId]]);
        const rows = identities.map(({ row }) => row);
        await query(sql.IMAGES_OF, [own.map(({ row }) => row)]);
        const ended = await end(
          query,
          own.filter((job) => job.finished_at === null),
          { error: "The identity was deleted before this job was done." },
        );
        for (const job of own)
          await query(sql.FORGET_JOB, [job.row, JSON.stringify({ kind: job.kind, images: [] })]);
        type Mentioning = { row: number; result: { candidates: { identity_id: string }[] } | null };
        for (const { row, result } of await query<Mentioning>(sql.MENTIONING, [rows])) {
          const candidates = result?.candidates.filter(({ identity_id }) => identity_id !== identityId);
          if (candidates)
            await query(sql.FORGET_CANDIDATES, [row, JSON.stringify({ ...result, candidates })]);
        }
        await query(sql.DELETE_MENTIONS, [rows]);
        const faces = await query<{ slot: number; identity: number }>(sql.DELETE_FACES, [rows]);
        const slots = faces.map(({ slot }) => slot);
        await query(sql.DELETE_CROPS, [slots]);
        for (const { sql: erase, relation } of sql.ERASE) await query(erase, [slots, relation]);
        await changeGallery(query, account, faces, true);
        await query(sql.DELETE_IDENTITIES, [rows]);
        await changed(ended);
        return true;
      });
    },
    async nearest(accountId, probe) {
      const faces = await gallery(await accountRow(accountId));
      const [best] = [...faces]
        .map(([slot, face]) => ({ slot, cosine: product(face, probe) }))
        .toSorted((a, b) => b.cosine - a.cosine);
      return named(best);
    },
    async scan(accountId, probe) {
      const [best] = await read<{ slot: number; sent: Buffer }>(sql.SCAN, [
        await accountRow(accountId),
        text(probe),
        5,
      ]);
      return named(best && { slot: best.slot, cosine: product(vector(best.sent), probe) });
    },
    referencedBlobs: async () =>
      (await read<{ blob_id: string }>(sql.REFERENCED_BLOBS)).map(({ blob_id }) => blob_id),
    async listen() {
      listener = new pg.Client({ connectionString: url });
      await listener.connect();
      listener.on("notification", () => {
        reading = reading.then(readOn);
      });
      await listener.query("LISTEN prosopon");
      for (const { account, seq } of await read<{ account: number; seq: number }>(sql.HEADS))
        cursors.set(account, seq);
    },
    async close() {
      await listener?.end();
      await reading;
      await pool.end();
    },
  };
}

const text = (embedding: Float32Array): string => `[${embedding.join(",")}]`;

/** Of `vector_send`: two fields of 16 bits, then float32, big-endian. */
function vector(sent: Buffer): Float32Array {
  return Float32Array.from({ length: 128 }, (_, index) => sent.readFloatBE(4 + index * 4));
}

const product = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + value * b[index]!, 0);
