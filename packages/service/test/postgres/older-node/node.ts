import { randomBytes, randomUUID } from "node:crypto";
import { type Change, openDatabase, type Query, type Row } from "./database.ts";
import { createFeed, type Feed } from "./feed.ts";
import { createGallery, type Gallery, text } from "./gallery.ts";
import * as sql from "./statements.ts";

/** A node of schema version 1: its statements, in the transactions and the order in which it sent them. */
export interface OlderNode extends Gallery, Pick<Feed, "told" | "listen"> {
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
  referencedBlobs(): Promise<string[]>;
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

const NOW = 2_000;
const RANK = { search: 0, enrol: 1 };

/** @param slowMs between the statements of its transactions, so that others come in between */
export function openOlderNode(url: string, { slowMs = 0 } = {}): OlderNode {
  const database = openDatabase(url, slowMs);
  const feed = createFeed(url, database);
  const { read, transaction, accountRow } = database;

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

  return {
    told: feed.told,
    listen: feed.listen,
    ...createGallery(database),
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
    referencedBlobs: async () =>
      (await read<{ blob_id: string }>(sql.REFERENCED_BLOBS)).map(({ blob_id }) => blob_id),
    async close() {
      await feed.close();
      await database.close();
    },
  };
}
