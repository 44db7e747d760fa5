import { Worker } from "node:worker_threads";
import { unpack, type Reply, type Request } from "./protocol.ts";
import type { AnalyseOptions, Analysis, ImageSource } from "./types.ts";

interface Job {
  image: ImageSource;
  options: AnalyseOptions;
  settle: { resolve: (analysis: Analysis) => void; reject: (reason: unknown) => void };
}

export interface Threads {
  run(image: ImageSource, options: AnalyseOptions): Promise<Analysis>;
  close(): Promise<void>;
}

/**
 * A bounded number of threads, each with one image at a time; images beyond wait in order. A thread is started when
 * there is work that no started one is free for. One that dies fails its own image and is replaced with the next.
 */
export function createThreads(file: URL, limit: number, maxPixels: number): Threads {
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const busy = new Map<Worker, { id: number; job: Job }>();
  let lastId = 0;
  let closing: PromiseWithResolvers<void> | undefined;

  const start = (): Worker => {
    // Sources resolve their workspace packages under a condition that a thread does not inherit from every runner.
    const execArgv = file.pathname.endsWith(".ts")
      ? [...process.execArgv, "--conditions=@prosopon/source"]
      : undefined;
    const worker = new Worker(file, execArgv === undefined ? {} : { execArgv });
    all.add(worker);
    let cause: unknown;
    worker.on("message", (reply: Reply) => {
      const held = busy.get(worker);
      if (held?.id !== reply.id) return;
      busy.delete(worker);
      idle.push(worker);
      // An engine that nobody waits for does not keep the process alive.
      worker.unref();
      if ("analysis" in reply) held.job.settle.resolve(reply.analysis);
      else held.job.settle.reject(unpack(reply.failure));
      next();
    });
    worker.on("error", (error) => (cause = error));
    worker.on("exit", () => {
      all.delete(worker);
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1);
      const held = busy.get(worker);
      busy.delete(worker);
      held?.job.settle.reject(
        new Error(
          "The thread that analysed this image ended before it was done; the image may be tried again.",
          { cause },
        ),
      );
      next();
    });
    return worker;
  };

  const next = (): void => {
    while (waiting.length > 0) {
      const worker = idle.pop() ?? (all.size < limit ? start() : undefined);
      if (worker === undefined) return;
      const job = waiting.shift();
      if (job === undefined) return;
      const { signal: _, ...options } = job.options;
      const id = ++lastId;
      busy.set(worker, { id, job });
      worker.ref();
      worker.postMessage({ id, image: job.image, options, maxPixels } satisfies Request);
    }
    if (busy.size === 0) closing?.resolve();
  };

  return {
    run(image, options) {
      const { signal } = options;
      if (closing !== undefined) return Promise.reject(new Error("The engine is closed."));
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      const { promise, resolve, reject } = Promise.withResolvers<Analysis>();
      const job: Job = { image, options, settle: { resolve, reject } };
      const abort = (): void => {
        reject(signal?.reason);
        if (waiting.includes(job)) waiting.splice(waiting.indexOf(job), 1);
        // A running image is left at the end of its stage; until then its thread stays taken.
        for (const [worker, held] of busy) {
          if (held.job === job) worker.postMessage({ id: held.id, abort: true } satisfies Request);
        }
      };
      signal?.addEventListener("abort", abort, { once: true });
      waiting.push(job);
      next();
      return promise.finally(() => signal?.removeEventListener("abort", abort));
    },
    async close() {
      closing ??= Promise.withResolvers<void>();
      if (busy.size === 0 && waiting.length === 0) closing.resolve();
      await closing.promise;
      await Promise.all([...all].map((worker) => worker.terminate()));
    },
  };
}
