import { readdirSync, readFileSync } from "node:fs";
import type pg from "pg";

export interface Meter {
  /**
   * `NAME.database_ms` and `NAME.node_ms` of core time, `NAME.wall_ms`, and `NAME.log_bytes`, each of one of `count`;
   * `NAME.others_cores` that processes of no concern took meanwhile.
   */
  all<T>(
    name: string,
    count: number,
    work: () => Promise<T>,
  ): Promise<{ result: T; figures: Record<string, number> }>;
  /** The same of work repeated one after the other. */
  each(name: string, count: number, work: (n: number) => Promise<unknown>): Promise<Record<string, number>>;
}

/** Reads core time where Linux keeps it: of PostgreSQL's processes and of this one. */
export async function createMeter(client: pg.Client): Promise<Meter> {
  const { rows } = await client.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'",
  );
  const postmaster = statusOf(rows[0]!.pid)!.parent;
  const position = async () => {
    const { rows } = await client.query<{ bytes: number }>(
      "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8 AS bytes",
    );
    return rows[0]!.bytes;
  };

  async function all<T>(name: string, count: number, work: () => Promise<T>) {
    const log = await position();
    const all = machineMs();
    const [database, node, start] = [coreMsOf(postmaster), process.cpuUsage(), performance.now()];
    const result = await work();
    const wall = performance.now() - start;
    const used = process.cpuUsage(node);
    let took = 0;
    // Processes that end meanwhile take theirs along: autovacuum's.
    for (const [pid, ms] of coreMsOf(postmaster)) took += ms - (database.get(pid) ?? 0);
    const own = took + (used.user + used.system) / 1_000;
    const figures = {
      [`${name}.others_cores`]: Math.max(0, (machineMs() - all - own) / wall),
      [`${name}.database_ms`]: took / count,
      [`${name}.node_ms`]: (used.user + used.system) / 1_000 / count,
      [`${name}.wall_ms`]: wall / count,
      [`${name}.log_bytes`]: ((await position()) - log) / count,
    };
    return { result, figures };
  }

  return {
    all,
    async each(name, count, work) {
      const { figures } = await all(name, count, async () => {
        for (let n = 0; n < count; n++) await work(n);
      });
      return figures;
    },
  };
}

/** Milliseconds of a core that each of the server's processes has had: nanoseconds are the first number of schedstat. */
function coreMsOf(postmaster: number): Map<number, number> {
  const used = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!(pid > 0) || (pid !== postmaster && statusOf(pid)?.parent !== postmaster)) continue;
    used.set(pid, Number(read(`/proc/${pid}/schedstat`)?.split(" ")[0] ?? 0) / 1e6);
  }
  return used;
}

/** Milliseconds that cores of the machine were busy; it counts in hundredths of a second. */
function machineMs(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, soft = 0] =
    read("/proc/stat")?.split("\n")[0]?.split(/\s+/).map(Number) ?? [];
  return (user + nice + system + irq + soft) * 10;
}

function statusOf(pid: number): { parent: number } | undefined {
  const parent = read(`/proc/${pid}/status`)?.match(/^PPid:\s*(\d+)/m)?.[1];
  return parent === undefined ? undefined : { parent: Number(parent) };
}

/** A process may end between being listed and being read. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
