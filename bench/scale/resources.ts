import { Heap, type Simulation, type Wait } from "./simulation.ts";

/** What has an end: how much of it was in use, and of how much. */
export interface Resource {
  readonly name: string;
  /** Share of the time since `since` that was in use, 0 to 1. */
  utilisation(): number;
  /** Begins to measure here. */
  reset(): void;
}

/** Integral of what is in use over time. */
class Usage {
  readonly #simulation: Simulation;
  #used = 0;
  #area = 0;
  #changedAt = 0;
  #since = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  add(change: number): void {
    const { now } = this.#simulation;
    this.#area += this.#used * (now - this.#changedAt);
    this.#changedAt = now;
    this.#used += change;
  }

  /** Mean in use since the reset. */
  mean(): number {
    this.add(0);
    return this.#area / Math.max(1e-9, this.#simulation.now - this.#since);
  }

  reset(): void {
    this.add(0);
    this.#area = 0;
    this.#since = this.#simulation.now;
  }
}

interface Waiter {
  priority: number;
  order: number;
  resume: () => void;
}

/** So many places; who waits gets one by priority (lower goes first), then in turn. */
export class Places implements Resource {
  readonly name: string;
  readonly #count: number;
  readonly #usage: Usage;
  readonly #waiting = new Heap<Waiter>(
    (a, b) => a.priority < b.priority || (a.priority === b.priority && a.order < b.order),
  );
  #held = 0;
  #order = 0;

  constructor(simulation: Simulation, name: string, count: number) {
    this.name = name;
    this.#count = count;
    this.#usage = new Usage(simulation);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  take(priority = 0): Wait {
    return (resume) => {
      if (this.#held === this.#count) {
        this.#waiting.push({ priority, order: this.#order++, resume });
        return;
      }
      this.#held++;
      this.#usage.add(1);
      resume();
    };
  }

  give(): void {
    const next = this.#waiting.pop();
    if (next) return next.resume();
    this.#held--;
    this.#usage.add(-1);
  }

  utilisation(): number {
    return this.#usage.mean() / this.#count;
  }

  reset(): void {
    this.#usage.reset();
  }
}

/** A turn on a core while others wait for one, by cores of the machine, 8 at most: `base_slice` of Linux's scheduler. */
const sliceMsOf = (cores: number) => 0.7 * (1 + Math.floor(Math.log2(Math.min(cores, 8))));

interface Task {
  leftMs: number;
  resume: () => void;
}

/** Cores of one machine, in turns of a slice. As Linux has it, who was asleep goes before those who have used theirs up. */
export class Cores implements Resource {
  readonly name: string;
  readonly count: number;
  readonly sliceMs: number;
  readonly #simulation: Simulation;
  readonly #usage: Usage;
  readonly #woken = new Line<Task>();
  readonly #cut = new Line<Task>();
  #running = 0;

  constructor(simulation: Simulation, name: string, count: number) {
    this.name = name;
    this.count = count;
    this.sliceMs = sliceMsOf(count);
    this.#simulation = simulation;
    this.#usage = new Usage(simulation);
  }

  /** Tasks on a core or waiting for one. */
  get busy(): number {
    return this.#running + this.#woken.length + this.#cut.length;
  }

  /** @param woken false for what never sleeps and is not told apart by its parts */
  use(ms: number, woken = true): Wait {
    return (resume) => {
      const task = { leftMs: ms, resume };
      if (this.#running === this.count) {
        (woken ? this.#woken : this.#cut).push(task);
        return;
      }
      this.#running++;
      this.#usage.add(1);
      this.#run(task);
    };
  }

  #run(task: Task): void {
    const slice = Math.min(task.leftMs, this.sliceMs);
    this.#simulation.at(slice, () => {
      task.leftMs -= slice;
      const done = task.leftMs < 1e-9;
      const next = this.#woken.shift() ?? this.#cut.shift();
      if (!done) {
        if (next) this.#cut.push(task);
        return this.#run(next ?? task);
      }
      if (next) this.#run(next);
      else {
        this.#running--;
        this.#usage.add(-1);
      }
      task.resume();
    });
  }

  utilisation(): number {
    return this.#usage.mean() / this.count;
  }

  reset(): void {
    this.#usage.reset();
  }
}

/** First in, first out: an array whose first items are cut off now and then, as `shift` of a long one copies it. */
class Line<T> {
  #items: T[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#first];
    if (item === undefined) return undefined;
    if (++this.#first > 1_000) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }
}

/** PostgreSQL's log: one flush at a time; commits that come during one share the next. */
export class Log implements Resource {
  readonly name: string;
  readonly #simulation: Simulation;
  readonly #flushMs: number;
  readonly #usage: Usage;
  #waiting: (() => void)[] = [];
  #flushing = false;

  constructor(simulation: Simulation, name: string, flushMs: number) {
    this.name = name;
    this.#simulation = simulation;
    this.#flushMs = flushMs;
    this.#usage = new Usage(simulation);
  }

  commit(): Wait {
    return (resume) => {
      this.#waiting.push(resume);
      if (!this.#flushing) this.#flush();
    };
  }

  #flush(): void {
    const together = this.#waiting;
    this.#waiting = [];
    this.#flushing = true;
    this.#usage.add(1);
    this.#simulation.at(this.#flushMs, () => {
      this.#usage.add(-1);
      this.#flushing = false;
      // Those who were waiting go on first: what they commit next does not join the flush that begins now.
      if (this.#waiting.length > 0) this.#flush();
      for (const resume of together) resume();
    });
  }

  utilisation(): number {
    return this.#usage.mean();
  }

  reset(): void {
    this.#usage.reset();
  }
}
