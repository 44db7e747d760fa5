import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { bareEnvironment } from "../environment.ts";
import { ImageError } from "../errors.ts";
import { unpack, type Reply } from "./protocol.ts";
import { goesBefore } from "./turns.ts";
import type { AnalyseOptions, Analysis, EngineOptions, ImageSource } from "../types.ts";

/** What the process is sent: first what its engine is made with, then one image at a time. */
export type Ask = { engine: EngineOptions } | { id: number; image: ImageSource; options: AnalyseOptions };
/** What it says: once that its engine is proven, then what became of each image. */
export type Told = "proven" | Reply;

interface Job {
  id: number;
  priority: number;
  image: ImageSource;
  options: AnalyseOptions;
  settle: PromiseWithResolvers<Analysis>;
}

/** There was no process for the image: that says nothing about it. */
export class NotApartError extends Error {
  override readonly name = "NotApartError";
}

export interface Apart {
  /** @throws NotApartError; ImageError `fatal` when the image ended the process */
  run(image: ImageSource, options: AnalyseOptions): Promise<Analysis>;
  /** Work in hand is finished first. */
  close(): Promise<void>;
}

/** A process without work goes after so long, milliseconds: it holds some 250 MB, and takes a second to come. */
const IDLE_MS = 10_000;
/** Who kills all processes of a service kills this one first, now and then: an image is only to blame when we outlive it by so long, milliseconds. */
const OUTLIVE_MS = 500;

/**
 * Images that may be what ended a process, in a process of their own, one at a time. What ends that one ends nothing else, and
 * tells whose fault it was: it has proved itself before it gets its first image.
 */
export function createApart(file: URL, engine: EngineOptions): Apart {
  const waiting: Job[] = [];
  let lastId = 0;
  let current: Job | undefined;
  let child: { process: ChildProcess; proven: Promise<void> } | undefined;
  let working: Promise<void> | undefined;
  let idle: NodeJS.Timeout | undefined;
  let closed = false;

  function start(): NonNullable<typeof child> {
    const process = fork(file, {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      env: bareEnvironment(),
      // Not this process's own: what is loaded, or debugged, in it is not meant for that one.
      execArgv: file.pathname.endsWith(".ts") ? ["--conditions=@prosopon/source"] : [],
    });
    const { promise: proven, resolve, reject } = Promise.withResolvers<void>();
    proven.catch(() => {}); // told to whoever waits for it
    process.once("message", () => resolve());
    const gone = (cause?: unknown) => {
      if (child?.process === process) child = undefined;
      reject(
        new NotApartError("The process for suspected images ended before it had proved itself.", { cause }),
      );
    };
    process.once("error", gone);
    process.once("exit", () => gone());
    process.send({ engine } satisfies Ask, (error) => error && gone(error));
    return { process, proven };
  }

  async function analyse(job: Job): Promise<Analysis> {
    child ??= start();
    const { process, proven } = child;
    await proven;
    job.options.signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Analysis>();
    const answer = (told: Told) => {
      if (told === "proven" || told.id !== job.id) return;
      if ("analysis" in told) resolve(told.analysis);
      else if ("failure" in told) reject(unpack(told.failure));
    };
    const ended = (code: number | null, signal: NodeJS.Signals | null) =>
      void sleep(OUTLIVE_MS).then(() => reject(fatal(signal ?? `exit code ${code}`)));
    process.on("message", answer);
    process.once("exit", ended);
    try {
      const { signal: _, priority: __, owner: ___, apart: ____, ...options } = job.options;
      process.send({ id: job.id, image: job.image, options } satisfies Ask);
      return await promise;
    } finally {
      process.off("message", answer);
      process.off("exit", ended);
    }
  }

  async function work(): Promise<void> {
    clearTimeout(idle);
    child?.process.ref();
    while ((current = waiting.shift()))
      await analyse(current).then(current.settle.resolve, current.settle.reject);
    // An engine that nobody waits for does not keep the process alive.
    child?.process.unref();
    child?.process.channel?.unref();
    idle = setTimeout(() => child?.process.kill("SIGKILL"), IDLE_MS).unref();
    working = undefined;
  }

  return {
    run(image, options) {
      const { signal, priority = 0 } = options;
      if (closed) return Promise.reject(new Error("The engine is closed."));
      if (signal?.aborted) return Promise.reject(signal.reason);
      const job: Job = { id: ++lastId, priority, image, options, settle: Promise.withResolvers() };
      const abort = () => {
        job.settle.reject(signal?.reason);
        if (current === job) child?.process.kill("SIGKILL");
        else if (waiting.includes(job)) waiting.splice(waiting.indexOf(job), 1);
      };
      signal?.addEventListener("abort", abort, { once: true });
      waiting.splice(waiting.findLastIndex((other) => goesBefore(other, job)) + 1, 0, job);
      working ??= work();
      return job.settle.promise.finally(() => signal?.removeEventListener("abort", abort));
    },
    async close() {
      closed = true;
      await working;
      clearTimeout(idle);
      child?.process.kill("SIGKILL");
    },
  };
}

const fatal = (how: string): ImageError =>
  new ImageError(
    "fatal",
    `The process that analysed it, and nothing else, ended over it (${how}): export the image again, or use another one.`,
  );
