import type { Database, News } from "./database.ts";
import { type Cores, Places } from "./resources.ts";
import type { Simulation, Steps } from "./simulation.ts";

/** `--database-connections`, by default. */
const CONNECTIONS = 10;

/** A Node process: one thread runs its code, on the cores of its machine. */
export class Process {
  readonly main: Places;
  readonly connections: Places;
  readonly cores: Cores;

  /** @param main where several pools of connections share one thread, as in a bench */
  constructor(simulation: Simulation, name: string, cores: Cores, main?: Places) {
    this.cores = cores;
    this.main = main ?? new Places(simulation, `${name} main thread`, 1);
    this.connections = new Places(simulation, `${name} connections`, CONNECTIONS);
  }

  *compute(ms: number): Steps {
    yield this.main.take();
    yield this.cores.use(ms);
    this.main.give();
  }
}

/** Tells the other processes after commits: one message at a time, with all that came during the last. */
export class Notifier {
  readonly #simulation: Simulation;
  readonly #database: Database;
  readonly #process: Process;
  #news: News | undefined;
  #sending = false;

  constructor(simulation: Simulation, database: Database, process: Process) {
    this.#simulation = simulation;
    this.#database = database;
    this.#process = process;
  }

  tell({ due = false, ended = [] }: Partial<News>): void {
    this.#news ??= { due: false, ended: [] };
    this.#news.due ||= due;
    this.#news.ended.push(...ended);
    if (!this.#sending) this.#simulation.start(this.#send());
  }

  *#send(): Steps {
    this.#sending = true;
    for (let news = this.#news; news; news = this.#news) {
      this.#news = undefined;
      yield* this.#database.notify(this.#process, news);
    }
    this.#sending = false;
  }
}
