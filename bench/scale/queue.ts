import { Heap } from "./simulation.ts";

export interface Job {
  id: number;
  account: number;
  /** 0: a search, 1: an enrolment. */
  rank: 0 | 1;
  turn: number;
  photos: number;
  /** When the request came, when the job was committed, and when its caller had the answer; milliseconds. */
  arrivedAt: number;
  sentAt: number;
  answeredAt?: number;
  ended?: boolean;
  endedAt?: number;
  /** Milliseconds by what was waited for or done. */
  spent: Record<string, number>;
}

/** REACH of packages/service/src/storage/turn.ts. */
const REACH = 64;
/** Enrolments are any worker's. */
const ANY = 0;
const byTurn = (a: Job, b: Job) => a.turn < b.turn || (a.turn === b.turn && a.id < b.id);

class Rank {
  /** By group. */
  readonly due: Heap<Job>[] = [];
  readonly unfinished = new Heap<Job>(byTurn);
  readonly last = new Map<number, number>();
  served = 0;
}

/** The jobs table: accounts take turns as `nextTurn` of packages/service/src/storage/turn.ts gives them. */
export class JobQueue {
  readonly #ranks = [new Rank(), new Rank()] as const;
  /** Which workers may claim a search: all are one group unless accounts are assigned. */
  groupOf: (job: Job) => number = () => 0;
  /** Not claimed. */
  waiting = 0;

  add(job: Job): void {
    const rank = this.#ranks[job.rank];
    const { unfinished, served } = rank;
    while (unfinished.peek()?.ended) unfinished.pop();
    const earliest = unfinished.peek()?.turn ?? served;
    const odd = (turn: number) => Math.floor(turn / 2) * 2 + 1;
    const after = odd(rank.last.get(job.account) ?? 0) + 1;
    job.turn = Math.max(after, odd(earliest - 1), odd(served - REACH));
    rank.last.set(job.account, job.turn);
    unfinished.push(job);
    const group = job.rank === 0 ? this.groupOf(job) : ANY;
    (rank.due[group] ??= new Heap(byTurn)).push(job);
    this.waiting++;
  }

  /** Searches first, each kind up to its limit; all that they take is the worker's. */
  claim(limit: { lookups: number; imports: number }, group: number): Job[] {
    const jobs: Job[] = [];
    for (const [rank, most, from] of [
      [this.#ranks[0], limit.lookups, group],
      [this.#ranks[1], limit.imports, ANY],
    ] as const) {
      for (let n = 0; n < most; n++) {
        const job = rank.due[from]?.pop();
        if (!job) break;
        rank.served = Math.max(rank.served, job.turn);
        jobs.push(job);
      }
    }
    this.waiting -= jobs.length;
    return jobs;
  }
}
