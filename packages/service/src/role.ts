/**
 * What a node of several does. `api` answers everything and enqueues; its engine is only asked what it is, and starts no
 * thread. `worker` does the jobs and sweeps; of the API it answers /healthz and /readyz. `all` is both, in one process.
 */
export type Role = "api" | "worker" | "all";
