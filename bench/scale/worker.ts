import type { Database, Listener, News } from "./database.ts";
import type { Galleries } from "./galleries.ts";
import { Notifier, Process } from "./process.ts";
import type { Job } from "./queue.ts";
import { type Cores, Places } from "./resources.ts";
import type { Simulation, Steps } from "./simulation.ts";

/** As packages/service/src/jobs/hands.ts and worker.ts have them. */
const AHEAD = 2;
const IN_HAND = 6;
/** Shares of a photo's time in which it gives its thread to one that goes before it: decode, detect, landmarks to quality, embed. */
const STAGES = [0.16, 0.3, 0.11, 0.43];
/** Rows scanned before other work gets a turn, in millions (YIELD_ROWS of gallery/slab.ts). */
const YIELD_MILLIONS = 2;
const RANK_STEP = 2 ** 40;

export interface WorkerOptions {
  name: string;
  cores: Cores;
  /** Where the threads run; the same as `cores` but for inference that is pretended. */
  engineCores: Cores;
  threads: number;
  galleries: Galleries;
  /** Whose jobs it claims. */
  group: number;
  sizes: (account: number) => number;
  /** Workers that each hold a part of an account that is split, this one's own part included. */
  holders: (account: number) => readonly Worker[] | undefined;
}

export class Worker implements Listener {
  readonly process: Process;
  readonly threads: Places;
  readonly galleries: Galleries;
  readonly #simulation: Simulation;
  readonly #database: Database;
  readonly #options: WorkerOptions;
  readonly #notifier: Notifier;
  /** Photos in hand that are not analysed, by rank; jobs in hand. */
  readonly #photos = [0, 0] as [number, number];
  #inHand = 0;
  #waiting = [true, true] as [boolean, boolean];
  #claiming = false;
  #again = false;

  constructor(simulation: Simulation, database: Database, options: WorkerOptions) {
    this.#simulation = simulation;
    this.#database = database;
    this.#options = options;
    this.galleries = options.galleries;
    this.process = new Process(simulation, options.name, options.cores);
    this.threads = new Places(simulation, `${options.name} threads`, options.threads);
    this.#notifier = new Notifier(simulation, database, this.process);
    database.listeners.push(this);
  }

  hear({ due }: News): void {
    if (due) this.wake();
    this.#simulation.start(this.process.compute(this.#database.costs.heard.nodeMs));
  }

  wake(): void {
    this.#waiting = [true, true];
    this.#pump();
  }

  #pump(): void {
    if (this.#claiming) this.#again = true;
    else this.#simulation.start(this.#claim());
  }

  *#claim(): Steps {
    const { threads, group } = this.#options;
    const places = Math.max(0, IN_HAND * threads - this.#inHand);
    const room = (rank: 0 | 1) => (this.#waiting[rank] ? AHEAD * threads - this.#photos[rank] : 0);
    const lookups = Math.max(0, Math.min(room(0), places));
    const imports = Math.max(0, Math.min(Math.ceil(room(1) / 2), places - lookups));
    if (lookups + imports === 0) return;
    this.#claiming = true;
    if (lookups > 0) this.#waiting[0] = false;
    if (imports > 0) this.#waiting[1] = false;
    const jobs = yield* this.#claimed({ lookups, imports }, group);
    for (const job of jobs) this.#take(job);
    const found = jobs.filter(({ rank }) => rank === 0).length;
    this.#waiting[0] ||= lookups > 0 && found === lookups;
    this.#waiting[1] ||= imports > 0 && jobs.length - found === imports;
    // When the next one is due; the look every 5 s, for wake-ups that were lost, is left out: here none is.
    if (!this.#waiting[0] || !this.#waiting[1]) yield* this.#database.read(this.process);
    this.#claiming = false;
    if (!this.#again) return;
    this.#again = false;
    this.#pump();
  }

  *#claimed(limit: { lookups: number; imports: number }, group: number): Steps<Job[]> {
    const { costs, queue } = this.#database;
    // What there is when the statement runs is not known before: most of the price is that of the claim itself.
    const likely = Math.min(limit.lookups + limit.imports, queue.waiting);
    const { statements, databaseMs, nodeMs } = likely === 0 ? costs.claimNone : costs.claim;
    const cost = {
      statements,
      databaseMs: databaseMs + likely * costs.claimEach.databaseMs,
      nodeMs: nodeMs + likely * costs.claimEach.nodeMs,
    };
    let jobs: Job[] = [];
    const since = this.#simulation.now;
    yield* this.#database.transaction(this.process, cost, () => {
      jobs = queue.claim(limit, group);
      for (const job of jobs) spend(job, "queue", since - job.sentAt);
      return jobs.map(({ account }) => account);
    });
    for (const job of jobs) spend(job, "claim", this.#simulation.now - Math.max(since, job.sentAt));
    return jobs;
  }

  #take(job: Job): void {
    this.#photos[job.rank] += job.photos;
    this.#inHand++;
    this.#simulation.start(this.#run(job));
  }

  *#run(job: Job): Steps {
    const database = this.#database;
    yield this.#simulation.delay(database.costs.blobMs);
    yield* timed(this.#simulation, job, "inference", this.#analyse(job));
    this.#photos[job.rank] -= job.photos;
    this.#pump();
    if (job.rank === 0) yield* this.#search(job);
    const finish = database.transaction(this.process, database.costs.finish[job.rank], () => [job.account]);
    yield* timed(this.#simulation, job, "finish", finish);
    job.ended = true;
    job.endedAt = this.#simulation.now;
    this.#inHand--;
    this.#notifier.tell({ ended: [job.id] });
    this.#pump();
  }

  *#analyse(job: Job): Steps {
    const { engineCores: cores } = this.#options;
    const { photoMs, photoAllBusyMs } = this.#database.costs;
    const priority = job.rank * RANK_STEP + job.turn;
    for (let photo = 0; photo < job.photos; photo++) {
      for (const share of STAGES) {
        yield this.threads.take(priority);
        const others = cores.count > 1 ? Math.min(1, cores.busy / (cores.count - 1)) : 0;
        yield cores.use(share * (photoMs + (photoAllBusyMs - photoMs) * others));
        this.threads.give();
      }
    }
  }

  *#search(job: Job): Steps {
    const { account } = job;
    const database = this.#database;
    const { costs } = database;
    const millions = this.#options.sizes(account) / 1e6;
    const parts = this.#options.holders(account);
    if (parts) {
      yield* timed(this.#simulation, job, "scan", this.#scanParts(parts, millions / parts.length));
    } else if (yield* this.#hold(job, millions)) {
      yield* timed(this.#simulation, job, "scan", this.#scan(millions));
    } else {
      const scan = database.read(this.process, {
        databaseMs: millions * costs.databaseScanPerMillionMs,
        nodeMs: costs.read.nodeMs,
      });
      yield* timed(this.#simulation, job, "database_scan", scan);
    }
    const reads = this.#reads(parts ? 1 : 2);
    yield* timed(this.#simulation, job, "reads", reads);
  }

  *#reads(count: number): Steps {
    for (let n = 0; n < count; n++) yield* this.#database.read(this.process);
  }

  /** False where PostgreSQL is to answer: the account does not fit, or is still being loaded. */
  *#hold(job: Job, millions: number): Steps<boolean> {
    if (this.galleries.has(job.account)) return true;
    const { load, wait } = this.galleries.miss(job.account);
    const since = this.#simulation.now;
    if (load) this.#simulation.start(this.#load(millions));
    if (!wait) return false;
    yield (resume) => this.galleries.loaded(resume);
    spend(job, "load", this.#simulation.now - since);
    return true;
  }

  /** PostgreSQL and the node take turns: a page is read, then stored. */
  *#load(millions: number): Steps {
    const { costs, loadCores } = this.#database;
    yield* this.#reads(4); // its size, then a snapshot, its head and a cursor
    yield this.process.connections.take();
    // Pages of 5,000 faces, between which others get the thread; of accounts above half a million they are larger here.
    const pages = Math.max(1, Math.min(100, Math.ceil(millions * 200)));
    const thousands = (millions * 1_000) / pages;
    for (let page = 0; page < pages; page++) {
      yield this.#simulation.delay(costs.roundTripMs);
      yield loadCores.use(thousands * costs.loadPer1000.databaseMs);
      yield* this.process.compute(thousands * costs.loadPer1000.nodeMs);
    }
    this.process.connections.give();
    this.galleries.end();
  }

  /** Catches up on changes, then scans on the process's one thread. */
  *#scan(millions: number): Steps {
    const { costs } = this.#database;
    yield* this.#database.read(this.process);
    yield* this.process.compute(costs.scanMs);
    for (let left = millions; left > 0; left -= YIELD_MILLIONS)
      yield* this.process.compute(Math.min(left, YIELD_MILLIONS) * costs.scanPerMillionMs);
  }

  /** Asks all at once; the slowest says when the best of each are merged. */
  *#scanParts(parts: readonly Worker[], millions: number): Steps {
    const { roundTripMs } = this.#database.costs;
    yield (resume) => {
      let left = parts.length;
      const done = () => --left === 0 && resume();
      for (const part of parts) this.#simulation.start(part.scanPart(millions, roundTripMs, done));
    };
  }

  *scanPart(millions: number, roundTripMs: number, done: () => void): Steps {
    yield this.#simulation.delay(roundTripMs);
    yield* this.#scan(millions);
    done();
  }
}

function spend(job: Job, what: string, ms: number): void {
  job.spent[what] = (job.spent[what] ?? 0) + Math.max(0, ms);
}

export function* timed(simulation: Simulation, job: Job, what: string, steps: Steps): Steps {
  const since = simulation.now;
  yield* steps;
  spend(job, what, simulation.now - since);
}
