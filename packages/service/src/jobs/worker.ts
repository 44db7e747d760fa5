import type { Engine } from "@prosopon/engine";
import type { Logger } from "pino";
import type { EraseImages } from "../blobs/erase.ts";
import type { BlobStore } from "../blobs/types.ts";
import type { Clock } from "../clock.ts";
import type { Hub } from "../events/hub.ts";
import type { Limits } from "../limits.ts";
import { createScale } from "../matching/scale.ts";
import type { ClaimedJob, JobInHand, JobOutcome, Storage } from "../storage/types.ts";
import { isAway, isFull } from "../errors/outages.ts";
import { aborted } from "./aborted.ts";
import { permanentReason } from "./fault.ts";
import { createCapacity, isLookup, STUCK_MS, type Share } from "./capacity.ts";
import { kinds } from "./kinds/index.ts";
import type { Tools } from "./kinds/kind.ts";

/** A job is another worker's after this long without a renewal: longer than a stall, shorter than a caller's patience. */
const LEASE_MS = 30_000;
/** Tries in all; with the back-off below the last one is 15 to 23 s after the first. */
const MAX_ATTEMPTS = 5;
/**
 * Tries in all when they end with the process: that says little about the job, which may only have been in hand. The job that is
 * the cause is found sooner: after its first such end its images are analysed apart, and whichever of them ends that process
 * too fails it at once. That takes a second for the process to start, and a node that is killed again within it has tried for
 * nothing: with 10, two of 500 jobs were given up in a run of 20 kills, most of them within 700 ms of the start.
 */
const MAX_CLAIMS = 30;
/** Tries in all when the database or the store of images is away: the last one is 9 to 13 minutes after the first. */
const MAX_AWAY = 10;
const BACKOFF_MS = 1_000;
/** Between tries to write to a disk that is full. */
const FULL_MS = 5_000;
/** Looks for work at least so often, should a wake-up ever be lost. */
const IDLE_MS = 5_000;
/** What `stop` waits for jobs in hand before it gives them back: below the 10 s after which supervisors kill. */
const GRACE_MS = 8_000;

/** Where a job is worked on. */
export interface Place {
  tools: Tools;
  /** The job has ended, or is to be queued. */
  letGo(): void;
}

export interface Worker {
  /** Begins to claim jobs; does nothing when it runs already. */
  start(): void;
  /** Claims no more; jobs in hand finish within `graceMs` or are given back without counting the try. */
  stop(options?: { graceMs?: number }): Promise<void>;
  /**
   * A place among the jobs in hand for a lookup that is in no queue, as if it had been claimed; undefined where others would be claimed
   * before it, the hands are full, or the worker does not run. Its `letGo` must be called, also when it has been aborted.
   */
  takeBeside(job: JobInHand, signal: AbortSignal): Promise<Place | undefined>;
  /** Jobs in hand. */
  readonly running: number;
}

/** What a worker takes jobs from, does them with, and says it to. */
export interface WorkerTools {
  storage: Storage;
  blobs: BlobStore;
  engine: Engine;
  hub: Hub;
  eraseImages: EraseImages;
  limits: Limits;
  clock: Clock;
  logger: Logger;
}

/** Jobs in hand for each thread, at most; those whose end is being written count too. */
const IN_HAND = 6;

interface InHand {
  job: ClaimedJob;
  abort: AbortController;
  done: Promise<void>;
}

/** Reasons to drop a job in hand. */
const LEASE_LOST = new Error("the lease has passed on");
const STOPPING = new Error("the worker stops");

export function createWorker(tools: WorkerTools): Worker {
  const { storage, blobs, engine, hub, eraseImages, limits, clock, logger } = tools;
  const scale = createScale(engine.info().recogniser.calibration);
  /** By lease: a job whose lease ran out may be claimed again here while its last try still goes on. */
  const inHand = new Map<string, InHand>();
  /** Lookups that are in no queue. */
  const beside = new Set<JobInHand>();
  const capacity = createCapacity(engine, clock, pump);
  /** Whether there may be more in the storage: the last claim did not reach the end of them, or they came since. */
  const waiting = { lookups: true, imports: true };
  /** Since the last claim something may have come that goes before what is in hand. */
  let woken = false;
  let running = false;
  let claiming: Promise<void> | undefined;
  let claimAgain = false;
  /** The last renewal failed: leases of what is in hand may have run out. */
  let stale = false;
  /** Said already. */
  let full = false;
  let cancelSleep = () => {};
  let cancelRenewal = () => {};
  let stopListening = () => {};

  /** One claim at a time; a wake-up during one makes another follow. */
  function pump(): void {
    if (!running) return;
    if (claiming) {
      claimAgain = true;
      return;
    }
    claiming = claim()
      .catch((error: unknown) => {
        // What is away says so itself, once.
        if (!isAway(error) && !isFull(error)) logger.error({ err: error }, "could not claim jobs");
        sleep(isFull(error) ? FULL_MS : BACKOFF_MS);
      })
      .finally(() => {
        claiming = undefined;
        if (claimAgain) {
          claimAgain = false;
          pump();
        }
      });
  }

  async function claim(): Promise<void> {
    const room = capacity.room();
    const except = { lookups: room.lookups.except, imports: room.imports.except };
    const places = placesBut(new Set([...except.lookups, ...except.imports]));
    let lookups = waiting.lookups ? Math.min(room.lookups.count, places) : 0;
    // Hands full of lookups still take those that go before them, of which only a wake-up tells.
    const before = lookups === 0 && woken ? capacity.lastLookup() : undefined;
    woken = false;
    if (before !== undefined) lookups = Math.min(engine.info().threads, places);
    const imports = waiting.imports ? Math.min(room.imports.count, places - lookups) : 0;
    // The next photo or job to end pumps again, and if none does it looks for those of other accounts.
    if (lookups + imports === 0) return waiting.lookups || waiting.imports ? sleep(STUCK_MS) : undefined;
    cancelSleep();
    // A job that is taken while its images cannot be had comes back with a try less.
    await blobs.present();
    // What is in hand is not to be claimed anew once a full disk has room again.
    if (stale) await renew().catch((error: unknown) => isFull(error) && Promise.reject(error));
    // A wake-up during the claim counts; what ends in an error is still to be looked for.
    const was = { ...waiting };
    // Of those who are left out there may be more.
    if (lookups > 0 && before === undefined) waiting.lookups = except.lookups.length > 0;
    if (imports > 0) waiting.imports = except.imports.length > 0;
    const now = clock.now();
    const jobs = await storage.jobs
      .claim({
        limit: { lookups, imports },
        before,
        except,
        leaseMs: LEASE_MS,
        maxAttempts: MAX_CLAIMS,
        keepDeadMs: limits.deadJobMs,
        now,
      })
      .catch((error: unknown) => {
        waiting.lookups ||= was.lookups;
        waiting.imports ||= was.imports;
        throw error;
      });
    if (!running) {
      await Promise.all(jobs.map((job) => storage.jobs.release(lease(job), { at: 0, countAttempt: false })));
      return;
    }
    for (const job of jobs) take(job);
    const found = jobs.filter(({ kind }) => isLookup(kind)).length;
    waiting.lookups ||= lookups > 0 && found === lookups;
    waiting.imports ||= imports > 0 && jobs.length - found === imports;
    if (waiting.lookups && waiting.imports) return sleep(STUCK_MS);
    const due = await storage.jobs.nextDue(now);
    sleep(due === undefined ? IDLE_MS : Math.min(Math.max(due - clock.now(), 1), IDLE_MS));
  }

  /** For jobs more; those of `stuck` accounts don't count. */
  function placesBut(stuck: Set<string>): number {
    const all = [...[...inHand.values()].map(({ job }) => job), ...beside];
    const going = all.filter(({ accountId }) => !stuck.has(accountId)).length;
    return Math.max(0, IN_HAND * engine.info().threads - going);
  }

  /** Whether the next claim would take it, were it in the queue. */
  function isNext({ accountId }: JobInHand): boolean {
    const { count, except } = capacity.room().lookups;
    const stuck = new Set(except);
    return running && !waiting.lookups && count > 0 && !stuck.has(accountId) && placesBut(stuck) > 0;
  }

  function sleep(ms: number): void {
    cancelSleep();
    if (running) cancelSleep = clock.after(ms, wake);
  }

  function wake(): void {
    woken = true;
    waiting.lookups = true;
    waiting.imports = true;
    pump();
  }

  function take(job: ClaimedJob): void {
    const abort = new AbortController();
    for (const last of inHand.values()) if (last.job.id === job.id) last.abort.abort(LEASE_LOST);
    const share = capacity.take(job);
    if (job.deaths > 0)
      logger.warn(
        { job: job.id, kind: job.kind, deaths: job.deaths },
        "a worker ended with this job in hand: its images are analysed in a process of their own",
      );
    // Cancelled, or its identity deleted: where this node is told. Elsewhere the next renewal finds that its lease is gone.
    const stopHearing = hub.on(job.accountId, ({ jobId, status }) => {
      if (jobId === job.id && (status === "Succeeded" || status === "Failed")) abort.abort(LEASE_LOST);
    });
    const done = run(job, share, abort.signal)
      .catch((error: unknown) => {
        if (!isAway(error))
          logger.error({ err: error, job: job.id }, "could not write a job's end; its lease will run out");
      })
      .finally(() => {
        stopHearing();
        inHand.delete(job.leaseId);
        share.letGo();
        pump();
      });
    inHand.set(job.leaseId, { job, abort, done });
  }

  async function run(job: ClaimedJob, { engine }: Share, signal: AbortSignal): Promise<void> {
    const begun = clock.now();
    let outcome: JobOutcome;
    try {
      // A race: an engine call that does not heed the signal must not hold up a shutdown.
      outcome = await Promise.race([
        kinds[job.kind].run({ storage, blobs, engine, scale }, job, job.payload, signal),
        aborted(signal),
      ]);
      const written = outcome;
      const answer = await roomFor(
        () => storage.jobs.finish(lease(job), written, clock.now(), limits),
        signal,
      );
      if (!answer.finished) return;
      logger.info(
        {
          job: job.id,
          kind: job.kind,
          status: answer.status,
          attempts: job.attempts,
          ms: clock.now() - begun,
        },
        "job ended",
      );
    } catch (error) {
      if (signal.reason === LEASE_LOST) return;
      if (signal.reason === STOPPING) return storage.jobs.release(lease(job), { at: 0, countAttempt: false });
      const reason = permanentReason(error);
      // An outage says nothing about the job, but is not waited for without end.
      const more = job.attempts - job.deaths < (isAway(error) ? MAX_AWAY : MAX_ATTEMPTS);
      // What is away says so itself, once; what a job is given up for is found under its id.
      if (reason === undefined && !(isAway(error) && more))
        logger.error(
          { err: error, job: job.id, kind: job.kind, attempts: job.attempts },
          "a try of a job failed",
        );
      // Nor does a full disk, which may be full for long.
      if (isFull(error))
        return roomFor(
          () => storage.jobs.release(lease(job), { at: clock.now() + FULL_MS, countAttempt: false }),
          signal,
        );
      if (reason === undefined && more) {
        return storage.jobs.release(lease(job), {
          at: clock.now() + backoff(job.attempts),
          countAttempt: true,
        });
      }
      outcome =
        reason === undefined
          ? { type: "failed", error: spent(job), deadUntil: clock.now() + limits.deadJobMs }
          : { type: "failed", error: reason };
      const failed = outcome;
      const answer = await roomFor(() => storage.jobs.finish(lease(job), failed, clock.now()), signal);
      if (!answer.finished) return;
      logger.info(
        { job: job.id, kind: job.kind, status: "Failed", attempts: job.attempts, ms: clock.now() - begun },
        "job ended",
      );
    }
    if (outcome.type === "failed" && outcome.deadUntil !== undefined) return; // its images wait for a retry
    // After the end is written: a crash in between leaves orphans, which the sweep finds.
    await eraseImages(job.payload.images.flatMap(({ blobId, uploadId }) => (uploadId ? [] : [blobId])));
  }

  /** What a full disk does not take waits here, under its lease, until there is room; it is not computed again. */
  async function roomFor<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        const written = await write();
        full = false;
        return written;
      } catch (error) {
        if (!isFull(error) || signal.aborted) throw error;
        if (!full) logger.error({ err: error }, "the disk is full: ends of jobs wait to be written");
        full = true;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = clock.after(FULL_MS, resolve);
      await Promise.race([promise, aborted(signal)]).finally(cancel);
    }
  }

  async function renew(): Promise<void> {
    const jobs = [...inHand.values()];
    if (jobs.length === 0) {
      stale = false;
      return;
    }
    const held = new Set(
      await storage.jobs.renew(
        jobs.map(({ job }) => lease(job)),
        clock.now() + LEASE_MS,
      ),
    );
    stale = false;
    for (const { job, abort } of jobs) if (!held.has(job.id)) abort.abort(LEASE_LOST);
  }

  function renewOnTime(): void {
    cancelRenewal = clock.after(LEASE_MS / 3, () => {
      renew().catch((error: unknown) => {
        stale = true;
        if (!isAway(error) && !isFull(error)) logger.error({ err: error }, "could not renew leases");
      });
      renewOnTime();
    });
  }

  return {
    start() {
      if (running) return;
      running = true;
      stopListening = storage.events.onDue(wake);
      renewOnTime();
      wake();
    },
    async stop({ graceMs = GRACE_MS } = {}) {
      if (!running) return;
      running = false;
      stopListening();
      cancelSleep();
      await claiming;
      const grace = Promise.withResolvers<void>();
      const cancelGrace = clock.after(graceMs, grace.resolve);
      await Promise.race([Promise.all([...inHand.values()].map(({ done }) => done)), grace.promise]);
      cancelGrace();
      for (const { abort } of inHand.values()) abort.abort(STOPPING);
      await Promise.all([...inHand.values()].map(({ done }) => done));
      cancelRenewal();
    },
    async takeBeside(job, signal) {
      // Only then it is known whether others wait.
      for (let current = claiming; current; current = claiming) await current;
      if (signal.aborted || !isNext(job)) return undefined;
      const { engine: own, letGo } = capacity.take(job);
      beside.add(job);
      return {
        tools: { storage, blobs, engine: own, scale },
        letGo() {
          beside.delete(job);
          letGo();
          pump();
        },
      };
    },
    get running() {
      return inHand.size + beside.size;
    },
  };
}

const lease = ({ id, leaseId }: ClaimedJob) => ({ jobId: id, leaseId });

const spent = ({ id, attempts }: ClaimedJob) =>
  `an internal error stopped it ${attempts} times; the server's log has more under job ${id}`;

/** 1, 2, 4, 8 s after tries 1, 2, 3, 4, … at most some 9 minutes, and up to half of it more, so that jobs which failed together don't return together. */
const backoff = (attempts: number): number =>
  Math.round(BACKOFF_MS * 2 ** (Math.min(attempts, 10) - 1) * (1 + Math.random() / 2));
