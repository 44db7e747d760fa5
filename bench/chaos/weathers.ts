import { rename, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet } from "./fleet.ts";

/** Something that keeps nodes from doing their work for a while, and passes. */
export interface Fault {
  name: string;
  /** How far the sending has come when it begins, 0..1. */
  at: number;
  /** Who cannot do its work meanwhile. */
  affects(member: { name: string; role: string }): boolean;
  /** How long it lasts, and how long a node may take to find out; defaults below. */
  lastMs?: number;
  graceMs?: number;
  /** Nobody is killed meanwhile: who is would not start again before its end, and nobody would be left to be asked. */
  calm?: boolean;
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
}

/** What was seen of one. */
export interface Weathered {
  name: string;
  ms: number;
  /** Answers of `/readyz` by whom it affected, and those of them that were 200. */
  probes: number;
  wrong: number;
}

const LAST_MS = 10_000;
/** A node has so long to find out: it looks every second or two. */
const GRACE_MS = 4_000;
const PROBE_MS = 500;

export async function weather(fault: Fault, fleet: Fleet, signal: AbortSignal): Promise<Weathered> {
  const seen: Weathered = { name: fault.name, ms: 0, probes: 0, wrong: 0 };
  const { lastMs = LAST_MS, graceMs = GRACE_MS } = fault;
  const began = performance.now();
  try {
    await fault.begin();
    while (performance.now() - began < lastMs && !signal.aborted) {
      await sleep(PROBE_MS);
      if (performance.now() - began < graceMs) continue;
      // One that was started meanwhile finds out as all do.
      const asked = fleet
        .standing()
        .filter(fault.affects)
        .filter(({ readyForMs = 0 }) => readyForMs >= graceMs);
      const statuses = await Promise.all(asked.map(({ url }) => readiness(url!)));
      if (performance.now() - began >= lastMs) continue;
      seen.probes += statuses.filter((status) => status !== undefined).length;
      seen.wrong += statuses.filter((status) => status === 200).length;
    }
  } finally {
    await fault.end();
    seen.ms = performance.now() - began;
  }
  return seen;
}

/** Undefined for one that does not answer, as when it was killed. */
async function readiness(url: string): Promise<number | undefined> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(4_000) })).status;
  } catch {
    return undefined;
  }
}

export interface Database {
  /** Of a superuser, on the nodes' database. */
  query(sql: string): Promise<unknown>;
  role: string;
  /** Sets what the nodes read as their password. */
  tell(password: string): Promise<void>;
}

export function databaseFaults({ query, role, tell }: Database): Fault[] {
  const cut = () => query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`);
  const all = () => true;
  return [
    {
      name: "the database is read-only",
      at: 0.2,
      affects: all,
      // For the nodes alone, so that it can be ended.
      begin: () => query(`ALTER ROLE ${role} SET default_transaction_read_only = on`).then(cut),
      end: () => query(`ALTER ROLE ${role} RESET default_transaction_read_only`),
    },
    {
      name: "the database's disk is full",
      at: 0.5,
      // Who does not write does not meet it.
      affects: ({ role: which }) => which === "api",
      begin: () =>
        query(
          `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$;
           CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION full_disk();
           CREATE TRIGGER full_disk BEFORE INSERT ON secrets FOR EACH ROW EXECUTE FUNCTION full_disk()`,
        ),
      end: () => query("DROP FUNCTION full_disk() CASCADE"),
    },
    {
      name: "the nodes' password is changed, and told them at the end",
      at: 0.8,
      affects: all,
      calm: true,
      begin: () => query(`ALTER ROLE ${role} PASSWORD 'second'`).then(cut),
      end: () => tell("second"),
    },
  ];
}

/** Whole or not there: a node may read it at any moment. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
