import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Storage } from "../../../src/storage/types.ts";
import { candidates, embedding, face, id } from "../../storage/samples.ts";
import type { Claimed, OlderNode } from "./node.ts";

type Worker = Pick<OlderNode, "enqueue" | "claim" | "renew" | "release" | "finish" | "deleteIdentity">;

export interface Done {
  sent: string[];
  /** Whose `finish` said that it ended them. */
  ended: string[];
  deleted: number;
  released: number;
}

export interface Work {
  /** Until so many more jobs were ended here. @throws what the node threw */
  more(jobs: number): Promise<void>;
  /** When all is done that was sent. @throws what the node threw */
  stop(): Promise<Done>;
}

const NOW = 2_000;
const LEASE_MS = 60_000;

/** A node's day: jobs are sent, claimed, renewed, given back and finished and people deleted, by several at once. */
export function startWork(node: Worker, accounts: readonly string[]): Work {
  const done: Done = { sent: [], ended: [], deleted: 0, released: 0 };
  const people: { accountId: string; identityId: string }[] = [];
  const stopping = new AbortController();
  let sending = true;
  let turn = 0;

  async function send(): Promise<void> {
    while (!stopping.signal.aborted) {
      const index = turn++;
      const [jobId, accountId] = [id("job"), accounts[index % accounts.length]!];
      await node.enqueue({
        id: jobId,
        accountId,
        kind: index % 3 === 0 ? "search" : "enrol",
        ...(index % 3 === 1 && { externalId: jobId }),
      });
      done.sent.push(jobId);
      const gone = index % 8 === 7 ? people.shift() : undefined;
      if (gone && (await node.deleteIdentity(gone.accountId, gone.identityId))) done.deleted++;
      await sleep(5);
    }
  }

  async function serve(): Promise<void> {
    for (;;) {
      const jobs = await node.claim({ limit: 3, leaseMs: LEASE_MS, maxAttempts: 10, now: NOW });
      if (jobs.length === 0 && !sending) return;
      if (jobs.length === 0) await sleep(10);
      else {
        const held = await node.renew(jobs, NOW + 2 * LEASE_MS);
        expect(held.toSorted()).toEqual(jobs.map(({ jobId }) => jobId).toSorted());
      }
      for (const job of jobs) await serveOne(job);
    }
  }

  async function serveOne(job: Claimed): Promise<void> {
    const { jobId, accountId, kind, externalId, attempts } = job;
    if (attempts === 1 && jobId.endsWith("5")) {
      await node.release(job, NOW);
      done.released++;
      return;
    }
    const identityId = id("identity");
    const finished = await node.finish(
      job,
      kind === "search"
        ? { type: "answered", candidates: people.slice(0, 3).map((person) => person.identityId) }
        : {
            type: "enrolled",
            identityId,
            ...(externalId !== undefined && { externalId }),
            faces: [{ id: id("face"), embedding: embedding(done.ended.length) }],
          },
    );
    expect(finished).toBe(true);
    done.ended.push(jobId);
    if (kind === "enrol") people.push({ accountId, identityId });
  }

  const senders = Promise.all([send(), send()]).finally(() => (sending = false));
  const all = Promise.all([senders, serve(), serve()]);
  all.catch(() => stopping.abort()); // told by whoever waits
  return {
    async more(jobs) {
      const until = done.ended.length + jobs;
      const reached = async () => {
        while (done.ended.length < until && !stopping.signal.aborted) await sleep(10);
      };
      await Promise.race([reached(), all]);
    },
    async stop() {
      stopping.abort();
      await all;
      return done;
    },
  };
}

/** This version's storage under the older node's names. */
export function asWorker({ jobs, identities }: Storage): Worker {
  return {
    async enqueue({ id, accountId, kind, externalId }) {
      const payload =
        kind === "search"
          ? { kind, images: [], maxResult: 3 }
          : { kind, images: [], ...(externalId !== undefined && { externalId }) };
      await jobs.enqueue({ id, accountId, payload, now: NOW });
    },
    async claim(options) {
      const claimed = await jobs.claim(options);
      return claimed.map(({ id: jobId, leaseId, accountId, payload, attempts }) => ({
        jobId,
        leaseId,
        accountId,
        kind: payload.kind === "search" ? ("search" as const) : ("enrol" as const),
        attempts,
        ...("externalId" in payload &&
          payload.externalId !== undefined && { externalId: String(payload.externalId) }),
      }));
    },
    renew: (leases, until) => jobs.renew(leases, until),
    release: (lease, at) => jobs.release(lease, { at, countAttempt: true }),
    async finish(lease, outcome) {
      const { finished } = await jobs.finish(
        lease,
        outcome.type === "answered"
          ? { type: "answered", result: candidates(...outcome.candidates) }
          : {
              ...outcome,
              metadata: {},
              faces: outcome.faces.map(({ id, embedding }) => ({ ...face(0), id, embedding })),
              result: {},
            },
        NOW,
      );
      return finished;
    },
    deleteIdentity: async (accountId, identityId) =>
      (await identities.delete(accountId, [identityId], NOW)).deleted,
  };
}
