/** Something to wait for: is given what goes on afterwards. */
export type Wait = (resume: () => void) => void;
/** What happens one after the other: `yield` waits, `yield*` does another's steps. */
export type Steps<T = void> = Generator<Wait, T, void>;

interface Event {
  at: number;
  /** Of two at one moment the one that was planned first. */
  order: number;
  action: () => void;
}

const before = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A clock that jumps from event to event, milliseconds. The same steps give the same run. */
export class Simulation {
  now = 0;
  #planned = 0;
  readonly #heap = new Heap<Event>(before);

  at(delayMs: number, action: () => void): void {
    this.#heap.push({ at: this.now + delayMs, order: this.#planned++, action });
  }

  delay(ms: number): Wait {
    return (resume) => this.at(ms, resume);
  }

  start(steps: Steps): void {
    const next = () => {
      const { done, value } = steps.next();
      if (!done) value(next);
    };
    next();
  }

  /** Until nothing is planned, time is up, or it is no longer `going`. */
  run(untilMs = Infinity, going = () => true): void {
    for (let event = this.#heap.peek(); event && event.at <= untilMs && going(); event = this.#heap.peek()) {
      this.#heap.pop();
      this.now = event.at;
      event.action();
    }
  }
}

/** Binary heap; the item that goes before all others is on top. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(item, items[parent]!)) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#before(items[child + 1]!, items[child]!)) child++;
      if (!this.#before(items[child]!, last)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
