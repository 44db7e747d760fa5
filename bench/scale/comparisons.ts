/** What is simulated to be held against what `bench cluster` measures, by its figures' names. */
export const COMPARISONS = [
  {
    figure: "queue.overhead_p50_ms",
    group: "queue",
    what: "one job through the queue, nothing to do in it",
    unit: "ms",
  },
  {
    figure: "queue.one_worker_jobs_per_s",
    group: "queue",
    what: "the queue, one worker, 200 accounts",
    unit: "jobs/s",
  },
  {
    figure: "queue.two_workers_jobs_per_s",
    group: "queue",
    what: "the queue, two workers, 200 accounts",
    unit: "jobs/s",
  },
  {
    figure: "queue.one_account_jobs_per_s",
    group: "queue",
    what: "the queue, two workers, one account",
    unit: "jobs/s",
  },
  {
    figure: "workers.one_jobs_per_s",
    group: "inference",
    what: "enrolments, one worker of one thread",
    unit: "jobs/s",
  },
  {
    figure: "workers.two_jobs_per_s",
    group: "inference",
    what: "enrolments, two workers of one thread",
    unit: "jobs/s",
  },
  {
    figure: "fairness.idle_p50_ms",
    group: "fairness",
    what: "a quiet account's search, 20 ms of inference elsewhere",
    unit: "ms",
  },
  {
    figure: "fairness.beside_imports_p50_ms",
    group: "fairness",
    what: "the same beside imports",
    unit: "ms",
  },
  {
    figure: "fairness.busy_p50_ms",
    group: "fairness",
    what: "the same beside imports and searches",
    unit: "ms",
  },
  {
    figure: "fairness.real.idle_p50_ms",
    group: "fairness",
    what: "a quiet account's search, inference here",
    unit: "ms",
  },
  {
    figure: "fairness.real.beside_imports_p50_ms",
    group: "fairness",
    what: "that beside imports",
    unit: "ms",
  },
  {
    figure: "fairness.real.busy_p50_ms",
    group: "fairness",
    what: "that beside imports and searches",
    unit: "ms",
  },
] as const;

export type Figure = (typeof COMPARISONS)[number]["figure"];
