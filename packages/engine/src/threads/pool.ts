import { Worker } from "node:worker_threads";
import { createBudget } from "../decoding/budget.ts";
import type { ImageBounds } from "../inspect/structure.ts";
import { unpack, type Reply, type Request } from "./protocol.ts";
import { goesBefore } from "./turns.ts";
import type { AnalyseOptions, Analysis, ImageSource } from "../types.ts";

interface Job {
  id: number;
  priority: number;
  image: ImageSource;
  options: AnalyseOptions;
  settle: { resolve: (analysis: Analysis) => void; reject: (reason: unknown) => void };
  /** When it got its thread, or had it back from one that did not wait its turn. performance.now() */
  since: number;
  /** It did not wait its turn. */
  jumped: boolean;
}

export interface Threads {
  run(image: ImageSource, options: AnalyseOptions): Promise<Analysis>;
  close(): Promise<void>;
}

/** An image, one that overtook it, and one that overtook both: those that wait keep their pixels meanwhile. */
const IN_WORK = 3;
/** Images that hold all threads for so long make room for those whose owner has none in work, milliseconds: most take a tenth. */
const SLOW_MS = 1_000;

/**
 * A bounded number of threads, each working on one image at a time; images beyond wait in their order, and one that goes
 * before all of a thread's overtakes them there. A thread is started when there is work that no started one is free for.
 * One that dies fails its own images and is replaced with the next.
 */
export function createThreads(file: URL, limit: number, bounds: ImageBounds): Threads {
  const budget = createBudget(bounds.decodeMemory);
  const waiting: Job[] = [];
  /** Of each thread that was started, its images. */
  const threads = new Map<Worker, Map<number, Job>>();
  let lastId = 0;
  let closing: PromiseWithResolvers<void> | undefined;

  const start = (): Worker => {
    // Sources resolve their workspace packages under a condition that a thread does not inherit from every runner.
    const execArgv = file.pathname.endsWith(".ts")
      ? [...process.execArgv, "--conditions=@prosopon/source"]
      : undefined;
    const worker = new Worker(file, execArgv === undefined ? {} : { execArgv });
    const inWork = new Map<number, Job>();
    threads.set(worker, inWork);
    let cause: unknown;
    worker.on("message", (reply: Reply) => {
      const job = inWork.get(reply.id);
      if (job === undefined) return;
      budget.release(job);
      if ("decodeBytes" in reply) {
        if (reply.decodeBytes > 0)
          void budget
            .take(job, reply.decodeBytes)
            .then(() => worker.postMessage({ id: reply.id, granted: true } satisfies Request));
        return;
      }
      inWork.delete(reply.id);
      if (job.jumped) for (const other of inWork.values()) other.since = performance.now();
      // An engine that nobody waits for does not keep the process alive.
      if (inWork.size === 0) worker.unref();
      if ("analysis" in reply) job.settle.resolve(reply.analysis);
      else job.settle.reject(unpack(reply.failure));
      next();
    });
    worker.on("error", (error) => (cause = error));
    worker.on("exit", () => {
      threads.delete(worker);
      for (const job of inWork.values()) {
        budget.release(job);
        job.settle.reject(
          new Error(
            "The thread that analysed this image ended before it was done; the image may be tried again.",
            { cause },
          ),
        );
      }
      next();
    });
    return worker;
  };

  let lookAgain: NodeJS.Timeout | undefined;
  const next = (): void => {
    for (;;) {
      const placed = place();
      if (placed === undefined) break;
      const { job, worker } = placed;
      waiting.splice(waiting.indexOf(job), 1);
      job.since = performance.now();
      const { id, priority, image } = job;
      const { signal: _, priority: __, owner: ___, apart: ____, ...options } = job.options;
      threads.get(worker)!.set(id, job);
      worker.ref();
      worker.postMessage({ id, priority, image, options, bounds } satisfies Request);
    }
    clearTimeout(lookAgain);
    if (waiting.length > 0) lookAgain = setTimeout(next, SLOW_MS / 4).unref();
    if (waiting.length === 0 && [...threads.values()].every(({ size }) => size === 0)) closing?.resolve();
  };

  const place = (): { job: Job; worker: Worker } | undefined => {
    const [first] = waiting;
    const worker = first && placeFor(first);
    if (worker !== undefined) return { job: first!, worker };
    const slow = [...threads].find(
      ([, inWork]) => inWork.size <= IN_WORK && [...inWork.values()].every(isSlow),
    );
    const job = slow && waiting.find(({ options: { owner } }) => owner !== undefined && !hasAny(owner));
    if (job === undefined) return undefined;
    const [thread, inWork] = slow!;
    job.jumped = true;
    job.priority = Math.min(...[...inWork.values()].map(({ priority }) => priority)) - 1;
    return { job, worker: thread };
  };

  const isSlow = ({ since }: Job): boolean => performance.now() - since >= SLOW_MS;
  const hasAny = (owner: string): boolean =>
    [...threads.values()].some((inWork) =>
      [...inWork.values()].some(({ options }) => options.owner === owner),
    );

  /** A free thread, or a new one, or the one whose work comes last and after the job. */
  const placeFor = (job: Job): Worker | undefined => {
    let last: { worker: Worker; first: Job } | undefined;
    for (const [worker, inWork] of threads) {
      const first = [...inWork.values()].reduce<Job | undefined>(
        (best, other) => (best && goesBefore(best, other) ? best : other),
        undefined,
      );
      if (first === undefined) return worker;
      if (inWork.size < IN_WORK && goesBefore(job, first) && (!last || goesBefore(last.first, first)))
        last = { worker, first };
    }
    return threads.size < limit ? start() : last?.worker;
  };

  return {
    run(image, options) {
      const { signal, priority = 0 } = options;
      if (closing !== undefined) return Promise.reject(new Error("The engine is closed."));
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      const { promise, resolve, reject } = Promise.withResolvers<Analysis>();
      const settle = { resolve, reject };
      const job: Job = { id: ++lastId, priority, image, options, settle, since: 0, jumped: false };
      const abort = (): void => {
        reject(signal?.reason);
        if (waiting.includes(job)) waiting.splice(waiting.indexOf(job), 1);
        // A running image is left at the end of its stage; until then its place in the thread stays taken.
        for (const [worker, inWork] of threads) {
          if (inWork.has(job.id)) worker.postMessage({ id: job.id, abort: true } satisfies Request);
        }
      };
      signal?.addEventListener("abort", abort, { once: true });
      waiting.splice(waiting.findLastIndex((other) => goesBefore(other, job)) + 1, 0, job);
      next();
      return promise.finally(() => signal?.removeEventListener("abort", abort));
    },
    async close() {
      closing ??= Promise.withResolvers<void>();
      next();
      await closing.promise;
      await Promise.all([...threads.keys()].map((worker) => worker.terminate()));
    },
  };
}
