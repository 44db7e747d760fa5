import type { Costs, Transaction } from "./costs.ts";
import type { Process } from "./process.ts";
import { JobQueue } from "./queue.ts";
import { type Cores, Log, Places } from "./resources.ts";
import type { Simulation, Steps } from "./simulation.ts";

/** Whoever listens on a channel. */
export interface Listener {
  readonly process: Process;
  hear(news: News): void;
}

/** What a notification says: a job may be due, and accounts' jobs of which there are events. */
export interface News {
  due: boolean;
  ended: number[];
}

/** One PostgreSQL: cores that run statements, a log, the heads of accounts, and the queue in its table. */
export class Database {
  readonly queue = new JobQueue();
  readonly listeners: Listener[] = [];
  readonly log: Log;
  /** Of a replica that serves loads of galleries, where there is one. */
  readonly loadCores: Cores;
  readonly cores: Cores;
  readonly costs: Costs;
  readonly #simulation: Simulation;
  readonly #heads = new Map<number, Places>();

  constructor(
    simulation: Simulation,
    name: string,
    { cores, loadCores, costs }: { cores: Cores; loadCores?: Cores | undefined; costs: Costs },
  ) {
    this.#simulation = simulation;
    this.cores = cores;
    this.loadCores = loadCores ?? cores;
    this.costs = costs;
    this.log = new Log(simulation, `${name} log`, costs.flushMs);
  }

  /** Taken by whoever writes events of the account, and held until its commit is flushed (decisions/021). */
  head(account: number): Places {
    let head = this.#heads.get(account);
    if (!head) this.#heads.set(account, (head = new Places(this.#simulation, "an account's head", 1)));
    return head;
  }

  /** The head in use most. */
  get heads(): Places[] {
    return [...this.#heads.values()];
  }

  *read(process: Process, cost = this.costs.read): Steps {
    yield process.connections.take();
    yield* this.#statement(process, cost.databaseMs, cost.nodeMs);
    process.connections.give();
  }

  /**
   * BEGIN, statements, COMMIT. `change` is what they do, at the moment of the statement that does it; it says the accounts
   * whose events the last one writes. Nothing written, nothing flushed.
   * @param first holds these heads from the first statement on, as enqueueing does
   */
  *transaction(
    process: Process,
    cost: Transaction,
    change: () => number[],
    first: readonly number[] = [],
  ): Steps {
    yield process.connections.take();
    yield this.#simulation.delay(this.costs.roundTripMs); // BEGIN
    for (const account of first) yield this.head(account).take();
    const each = (ms: number) => ms / cost.statements;
    for (let n = 1; n < cost.statements; n++)
      yield* this.#statement(process, each(cost.databaseMs), each(cost.nodeMs));
    const accounts = change();
    const later = [...new Set(accounts)].filter((account) => !first.includes(account)).sort((a, b) => a - b);
    for (const account of later) yield this.head(account).take();
    yield* this.#statement(process, each(cost.databaseMs), each(cost.nodeMs));
    yield this.#simulation.delay(this.costs.roundTripMs); // COMMIT
    if (accounts.length > 0) yield this.log.commit();
    for (const account of [...first, ...later]) this.head(account).give();
    process.connections.give();
  }

  /** To all processes but the one that sends. It is not flushed: a commit that wrote nothing before needs no flush. */
  *notify(process: Process, news: News): Steps {
    const { notify, heard } = this.costs;
    const others = this.listeners.filter((listener) => listener.process !== process);
    yield* this.#statement(process, notify.databaseMs + heard.databaseMs * others.length, notify.nodeMs);
    for (const listener of others) listener.hear(news);
  }

  *#statement(process: Process, databaseMs: number, nodeMs: number): Steps {
    yield* process.compute(nodeMs);
    yield this.#simulation.delay(this.costs.roundTripMs);
    yield this.cores.use(databaseMs);
  }
}
