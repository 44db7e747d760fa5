/** As packages/service/src/storage/postgres/matching/galleries.ts has them. */
const LOAD_MS = 0.02;
const WORTH_WAITING = 50_000;

interface Held {
  faces: number;
  usedAt: number;
}

/**
 * Which accounts a worker holds. The one searched longest ago goes when room is short, once it was idle for as long as
 * loading it takes; one account is loaded at a time.
 */
export class Galleries {
  readonly #capacity: number;
  readonly #sizes: (account: number) => number;
  readonly #now: () => number;
  /** In the order of use; a Map keeps it. */
  readonly #held = new Map<number, Held>();
  #faces = 0;
  #loading: { account: number; waiting: (() => void)[] } | undefined;
  hits = 0;
  misses = 0;

  /** @param capacity faces @param now milliseconds */
  constructor(capacity: number, sizes: (account: number) => number, now: () => number = () => 0) {
    this.#capacity = capacity;
    this.#sizes = sizes;
    this.#now = now;
  }

  /** True where the account is held, which makes it the one used last. */
  has(account: number): boolean {
    const held = this.#held.get(account);
    if (!held) {
      this.misses++;
      return false;
    }
    this.#held.delete(account);
    this.#held.set(account, { ...held, usedAt: this.#now() });
    this.hits++;
    return true;
  }

  /** Held from the beginning. */
  add(account: number): void {
    if (!this.#held.has(account) && this.#makeRoom(this.#sizes(account))) this.#put(account);
  }

  /** What a search of an account that is not held does: PostgreSQL answers it, unless a load is quick. */
  miss(account: number): { load: boolean; wait: boolean } {
    const wait = this.#sizes(account) <= WORTH_WAITING;
    if (this.#loading) return { load: false, wait: wait && this.#loading.account === account };
    if (!this.#makeRoom(this.#sizes(account))) return { load: false, wait: false };
    this.#loading = { account, waiting: [] };
    return { load: true, wait };
  }

  /** Behind `miss`, for those that wait. */
  loaded(resume: () => void): void {
    this.#loading!.waiting.push(resume);
  }

  end(): void {
    const { account, waiting } = this.#loading!;
    this.#loading = undefined;
    this.#put(account);
    for (const resume of waiting) resume();
  }

  #put(account: number): void {
    const faces = this.#sizes(account);
    this.#held.set(account, { faces, usedAt: this.#now() });
    this.#faces += faces;
  }

  #makeRoom(faces: number): boolean {
    let excess = this.#faces + faces - this.#capacity;
    const going: [account: number, faces: number][] = [];
    for (const [account, held] of this.#held) {
      if (excess <= 0) break;
      if (this.#now() - held.usedAt < held.faces * LOAD_MS) continue;
      going.push([account, held.faces]);
      excess -= held.faces;
    }
    if (excess > 0) return false;
    for (const [account, gone] of going) {
      this.#held.delete(account);
      this.#faces -= gone;
    }
    return true;
  }
}
