import type { Database, Listener, News } from "./database.ts";
import { Notifier, Process } from "./process.ts";
import type { Job } from "./queue.ts";
import type { Cores } from "./resources.ts";
import type { Simulation, Steps } from "./simulation.ts";
import { timed } from "./worker.ts";

/** How often all heads are read, in case a notification was lost (POLL_MS of feed/feed.ts). */
const LOOK_MS = 2_000;

export interface ApiOptions {
  name: string;
  cores: Cores;
  /** Callers come by HTTP; a bench is its own caller, in the same process. */
  http: boolean;
  /** Of the database: as many heads are read. */
  accounts: number;
}

/** An API node: takes requests, writes jobs, reads every account's events as it hears of them, and answers who waits. */
export class Api implements Listener {
  readonly process: Process;
  readonly #simulation: Simulation;
  readonly #database: Database;
  readonly #options: ApiOptions;
  readonly #notifier: Notifier;
  readonly #waiting = new Map<number, () => void>();
  #heard: number[] = [];
  #reading = false;

  constructor(simulation: Simulation, database: Database, options: ApiOptions) {
    this.#simulation = simulation;
    this.#database = database;
    this.#options = options;
    this.process = new Process(simulation, options.name, options.cores);
    this.#notifier = new Notifier(simulation, database, this.process);
    database.listeners.push(this);
  }

  /** Reads the heads every 2 s until `untilMs`. */
  *look(untilMs: number): Steps {
    const { databaseMs, nodeMs } = this.#database.costs.headsPer1000;
    const thousands = this.#options.accounts / 1_000;
    while (this.#simulation.now < untilMs) {
      yield this.#simulation.delay(LOOK_MS);
      const cost = { databaseMs: databaseMs * thousands, nodeMs: nodeMs * thousands };
      yield* this.#database.read(this.process, cost);
    }
  }

  hear({ ended }: News): void {
    this.#heard.push(...ended);
    if (!this.#reading) this.#simulation.start(this.#read());
  }

  /** One read at a time, with all that was heard of during the last. */
  *#read(): Steps {
    this.#reading = true;
    yield* this.process.compute(this.#database.costs.heard.nodeMs);
    while (this.#heard.length > 0) {
      const heard = this.#heard;
      this.#heard = [];
      yield* this.#database.read(this.process);
      for (const id of heard) {
        this.#waiting.get(id)?.();
        this.#waiting.delete(id);
      }
    }
    this.#reading = false;
  }

  /** Writes the job and waits for its end, as a caller does that POSTs and then GETs with `?wait=`. */
  *handle(job: Job): Steps {
    job.arrivedAt = this.#simulation.now;
    yield* timed(this.#simulation, job, "api", this.enqueue(job));
    yield (resume) => {
      if (job.ended) resume();
      else this.#waiting.set(job.id, resume);
    };
    if (this.#options.http) yield* timed(this.#simulation, job, "api", this.#answer());
    job.answeredAt = this.#simulation.now;
  }

  *enqueue(job: Job): Steps {
    const database = this.#database;
    if (this.#options.http) {
      yield* this.process.compute(database.costs.apiMs / 2);
      yield* database.read(this.process); // the session
      yield this.#simulation.delay(database.costs.blobMs * job.photos);
    }
    yield* database.transaction(this.process, database.costs.enqueue, () => [job.account], [job.account]);
    job.sentAt = this.#simulation.now;
    database.queue.add(job);
    this.#notifier.tell({ due: true });
  }

  *#answer(): Steps {
    yield* this.#database.read(this.process); // the job
    yield* this.process.compute(this.#database.costs.apiMs / 2);
  }
}
