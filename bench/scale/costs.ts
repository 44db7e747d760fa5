/** Core time of one thing: PostgreSQL's and the node's. */
export interface Cost {
  databaseMs: number;
  nodeMs: number;
}

export interface Transaction extends Cost {
  /** Between BEGIN and COMMIT; the costs are spread evenly over them. */
  statements: number;
}

/** All that the simulation knows of times. Milliseconds of a core unless named otherwise. */
export interface Costs {
  enqueue: Transaction;
  /** Of a claim, and of each job in it. */
  claim: Transaction;
  claimEach: Cost;
  claimNone: Transaction;
  finish: readonly [search: Transaction, enrolment: Transaction];
  read: Cost;
  /** A notification, and what each process that listens adds. */
  notify: Cost;
  heard: Cost;
  /** Of 1,000 accounts, every 2 s, by each API node. */
  headsPer1000: Cost;
  /** Of a gallery, 1,000 faces. */
  loadPer1000: Cost;
  /** From PostgreSQL, when the account does not fit in memory: a million faces, of PostgreSQL's cores. */
  databaseScanPerMillionMs: number;
  /** From memory: what each search costs, and a million faces. */
  scanMs: number;
  scanPerMillionMs: number;
  /** One photo, when no other core is busy and when all are: cores share caches, memory and heat. */
  photoMs: number;
  photoAllBusyMs: number;
  /** HTTP, upload, token, waiting and answer of a job, of an API node's one thread. */
  apiMs: number;
  flushMs: number;
  /** Elapsed, for each statement. */
  roundTripMs: number;
  /** Elapsed, for writing or reading an image. */
  blobMs: number;
}
