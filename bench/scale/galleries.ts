/** Which accounts a worker holds: the one searched longest ago goes when room is short. */
export class Galleries {
  readonly #capacity: number;
  readonly #sizes: (account: number) => number;
  /** In the order of use; a Map keeps it. */
  readonly #held = new Map<number, number>();
  #faces = 0;
  readonly #loading = new Map<number, (() => void)[]>();
  hits = 0;
  misses = 0;

  /** @param capacity faces */
  constructor(capacity: number, sizes: (account: number) => number) {
    this.#capacity = capacity;
    this.#sizes = sizes;
  }

  get full(): boolean {
    return this.#faces > 0.9 * this.#capacity;
  }

  fits(account: number): boolean {
    return this.#sizes(account) <= this.#capacity;
  }

  /** True where the account is held, which makes it the one used last. */
  has(account: number): boolean {
    const faces = this.#held.get(account);
    if (faces === undefined) {
      this.misses++;
      return false;
    }
    this.#held.delete(account);
    this.#held.set(account, faces);
    this.hits++;
    return true;
  }

  add(account: number): void {
    if (this.#held.has(account)) return;
    const faces = this.#sizes(account);
    this.#held.set(account, faces);
    this.#faces += faces;
    for (const [oldest, size] of this.#held) {
      if (this.#faces <= this.#capacity || oldest === account) return;
      this.#held.delete(oldest);
      this.#faces -= size;
    }
  }

  /** Whoever is first loads; the others are told when it is done. */
  loading(account: number): (() => void)[] | undefined {
    return this.#loading.get(account);
  }

  begin(account: number): void {
    this.#loading.set(account, []);
  }

  end(account: number): void {
    const others = this.#loading.get(account) ?? [];
    this.#loading.delete(account);
    this.add(account);
    for (const resume of others) resume();
  }
}
