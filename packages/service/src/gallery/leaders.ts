/** The best `k` identities so far by one value each. Equal values rank by the lower identity number: the older one. */
export class Leaders {
  readonly k: number;
  readonly entries: { identity: number; slot: number; value: number }[] = [];

  constructor(k: number) {
    this.k = k;
  }

  /** What a newcomer must reach: the k-th value, -Infinity while there are fewer. */
  get threshold(): number {
    return this.entries.length < this.k ? -Infinity : this.entries[this.k - 1]!.value;
  }

  /** Linear in k, which is ten or so; entries that cannot matter leave at the first line. */
  offer(identity: number, slot: number, value: number): void {
    if (value < this.threshold) return;
    const held = this.entries.findIndex((entry) => entry.identity === identity);
    if (held >= 0) {
      const best = this.entries[held]!;
      if (best.value > value || (best.value === value && best.slot <= slot)) return;
      this.entries.splice(held, 1);
    }
    let at = this.entries.length;
    while (at > 0 && before(value, identity, this.entries[at - 1]!)) at--;
    this.entries.splice(at, 0, { identity, slot, value });
    if (this.entries.length > this.k) this.entries.pop();
  }
}

function before(value: number, identity: number, other: { identity: number; value: number }): boolean {
  return value > other.value || (value === other.value && identity < other.identity);
}
