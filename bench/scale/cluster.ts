import { Api } from "./api.ts";
import { Database } from "./database.ts";
import { Galleries } from "./galleries.ts";
import type { Job } from "./queue.ts";
import { holdings } from "./holdings.ts";
import { picker, zipf } from "./random.ts";
import { Cores, type Resource } from "./resources.ts";
import { balance, type Setup } from "./setup.ts";
import { Simulation } from "./simulation.ts";
import { Worker } from "./worker.ts";

/** What does not depend on the load, made once for a set-up. */
export interface Plan {
  setup: Setup;
  sizes: Float64Array;
  databaseOf: Uint16Array;
  /** Number of the account's worker among those of its database. */
  workerOf: Uint16Array;
  /** What each worker holds at the beginning, in the order of use. */
  held: number[][];
  pick: (uniform: number) => number;
}

export interface Cluster {
  simulation: Simulation;
  databases: Database[];
  apis: Api[];
  workers: Worker[];
  /** By kind: what there is of it. */
  resources: Record<string, Resource[]>;
  /** The API node that an account's request comes to. */
  submit(job: Job): void;
}

export function plan(setup: Setup): Plan {
  const sizes = zipf(setup.accounts, setup.skew, setup.faces);
  const databaseOf = balance(sizes, setup.databases);
  const perDatabase = Math.max(1, Math.floor(setup.workers / setup.databases));
  const workerOf = new Uint16Array(setup.accounts);
  for (let database = 0; database < setup.databases; database++) {
    const own = [...sizes.keys()].filter((account) => databaseOf[account] === database);
    const bins = balance(
      Float64Array.from(own, (account) => sizes[account]!),
      perDatabase,
    );
    for (const [n, account] of own.entries()) workerOf[account] = bins[n]!;
  }
  const held = holdings(setup, { sizes, databaseOf, workerOf });
  return { setup, sizes, databaseOf, workerOf, held, pick: picker(sizes) };
}

export function build({ setup, sizes, databaseOf, workerOf, held }: Plan): Cluster {
  const simulation = new Simulation();
  const { costs } = setup;
  const size = (account: number) => sizes[account]!;
  const perDatabase = held.length / setup.databases;
  const apisEach = Math.max(1, Math.round(setup.apiNodes / setup.databases));
  const replicas: Cores[] = [];
  const databases = Array.from({ length: setup.databases }, (_, n) => {
    const cores = new Cores(simulation, `PostgreSQL ${n}`, setup.databaseCores);
    const loadCores = setup.loadFromReplica
      ? new Cores(simulation, `replica ${n}`, setup.databaseCores)
      : undefined;
    if (loadCores) replicas.push(loadCores);
    return new Database(simulation, `PostgreSQL ${n}`, { cores, loadCores, costs });
  });
  const counts = databases.map((_, n) => databaseOf.reduce((sum, of) => sum + (of === n ? 1 : 0), 0));
  const apis = databases.map((database, n) =>
    Array.from({ length: apisEach }, () => {
      const cores = new Cores(simulation, "API", 1);
      return new Api(simulation, database, { name: "API", cores, http: true, accounts: counts[n]! });
    }),
  );
  const workers = databases.map((database, n) => {
    const own: Worker[] = [];
    for (let worker = 0; worker < perDatabase; worker++) {
      const cores = new Cores(simulation, "worker", setup.workerCores);
      const galleries = new Galleries(setup.galleryFaces, size, () => simulation.now);
      for (const account of held[n * perDatabase + worker]!) galleries.add(account);
      const group = setup.assigned ? worker : 0;
      const holders = (account: number) => (size(account) > setup.splitAbove ? own : undefined);
      own.push(
        new Worker(simulation, database, {
          name: "worker",
          cores,
          engineCores: cores,
          threads: setup.threads,
          galleries,
          group,
          sizes: size,
          holders,
        }),
      );
    }
    if (setup.assigned)
      database.queue.groupOf = ({ id, account }) =>
        size(account) > setup.splitAbove ? id % perDatabase : workerOf[account]!;
    return own;
  });
  return {
    simulation,
    databases,
    apis: apis.flat(),
    workers: workers.flat(),
    resources: {
      api: apis.flat().map(({ process }) => process.main),
      worker_cores: workers.flat().map(({ process }) => process.cores),
      worker_main: workers.flat().map(({ process }) => process.main),
      database_cores: databases.map(({ cores }) => cores),
      replica_cores: replicas,
      connections: [...apis.flat(), ...workers.flat()].map(({ process }) => process.connections),
    },
    submit(job) {
      const nodes = apis[databaseOf[job.account]!]!;
      simulation.start(nodes[job.id % nodes.length]!.handle(job));
    },
  };
}
