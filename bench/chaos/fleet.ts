import { setTimeout as sleep } from "node:timers/promises";
import { startProcess, type RunningProcess } from "./process.ts";

export type Role = "api" | "worker";

export interface Member {
  name: string;
  role: Role;
  command: string[];
  env?: Record<string, string>;
}

/** What became of one member. */
export interface Fate {
  name: string;
  role: Role;
  kills: number;
  /** Of these kills, how many met it before it was ready. */
  killedStarting: number;
  /** Ended by itself before it was ready, e.g. because the database was away: it is started again, as a supervisor would. */
  failedStarts: number;
  /** Ended by itself after it was ready: a crash. */
  crashes: string[];
  /** From each kill to the next readiness, ms. */
  recoveries: number[];
}

/** How one member is right now. */
export interface Standing {
  name: string;
  role: Role;
  /** Absent while it starts. */
  readyForMs: number | undefined;
  url: string | undefined;
}

export interface Fleet {
  readonly fates: Fate[];
  /** Messages of warnings and errors in the logs, with how often. */
  readonly logged: Map<string, number>;
  standing(): Standing[];
  /** Addresses of the API nodes that are ready. */
  apis(): string[];
  /** All of them, for the first time. @throws when that takes too long, with what they said. */
  ready(): Promise<void>;
  /** SIGKILL to a member by name; it is started again at once. */
  kill(name: string): void;
  /** Ends all of them for good, by SIGTERM and, after 15 s, SIGKILL. */
  stop(): Promise<void>;
}

const WARN = 40;
/** Between an end that nobody asked for and the next start. */
const PAUSE_MS = 300;
/** Of the first start of all. */
const START_LIMIT_MS = 300_000;

export function startFleet(members: Member[]): Fleet {
  const logged = new Map<string, number>();
  const running = new Map<string, RunningProcess>();
  const ready = new Map<string, { url: string; since: number }>();
  const firsts: Promise<void>[] = [];
  const stop = new AbortController();

  const fates = members.map(({ name, role }): Fate => ({
    name,
    role,
    kills: 0,
    killedStarting: 0,
    failedStarts: 0,
    crashes: [],
    recoveries: [],
  }));
  /** When its last kill was, until it has recovered. */
  const down = new Map<string, number>();
  const killed = new WeakSet<RunningProcess>();

  async function supervise(member: Member, fate: Fate, first: () => void): Promise<void> {
    while (!stop.signal.aborted) {
      const process = startProcess({
        ...member,
        onLog({ level = 0, msg = "", err }) {
          if (level < WARN) return;
          const text = `${member.role}: ${msg}${err?.message ? `: ${err.message}` : ""}`.slice(0, 160);
          logged.set(text, (logged.get(text) ?? 0) + 1);
        },
      });
      running.set(member.name, process);
      void process.ready.then(
        (url) => {
          if (running.get(member.name) !== process || killed.has(process)) return;
          ready.set(member.name, { url, since: performance.now() });
          const since = down.get(member.name);
          if (since !== undefined) fate.recoveries.push(performance.now() - since);
          down.delete(member.name);
          first();
        },
        () => {},
      );
      const wasReady = await Promise.race([process.ready.then(() => true), process.ended.then(() => false)]);
      const { code, signal, said } = await process.ended;
      ready.delete(member.name);
      if (killed.has(process) || stop.signal.aborted) {
        if (!wasReady && !stop.signal.aborted) fate.killedStarting++;
        continue;
      }
      if (wasReady) fate.crashes.push(`${code ?? signal}: ${said.trim()}`);
      else {
        fate.failedStarts++;
        const reason = said.split("\n").find((line) => /error|prosopon:/i.test(line)) ?? said.trim();
        const text = `${member.role}: did not start: ${reason}`.slice(0, 160);
        logged.set(text, (logged.get(text) ?? 0) + 1);
      }
      await sleep(PAUSE_MS);
    }
  }

  const supervisors = members.map((member, index) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    firsts.push(promise);
    return supervise(member, fates[index]!, resolve);
  });

  return {
    fates,
    logged,
    standing: () =>
      members.map(({ name, role }) => {
        const up = ready.get(name);
        return { name, role, readyForMs: up && performance.now() - up.since, url: up?.url };
      }),
    apis: () => members.flatMap(({ name, role }) => (role === "api" ? (ready.get(name)?.url ?? []) : [])),
    async ready() {
      const late = sleep(START_LIMIT_MS, "late" as const, { ref: false });
      if ((await Promise.race([Promise.all(firsts), late])) === "late")
        throw new Error(`the processes do not start: ${[...logged.keys()].join("; ")}`);
    },
    kill(name) {
      const process = running.get(name);
      const fate = fates.find((fate) => fate.name === name);
      if (!process || !fate || killed.has(process)) return;
      // One that has just ended by itself is not killed.
      if (!process.kill("SIGKILL")) return;
      killed.add(process);
      ready.delete(name);
      fate.kills++;
      if (!down.has(name)) down.set(name, performance.now());
    },
    async stop() {
      stop.abort();
      for (const process of running.values()) process.kill("SIGTERM");
      const late = setTimeout(() => {
        for (const process of running.values()) process.kill("SIGKILL");
      }, 15_000);
      await Promise.all(supervisors);
      clearTimeout(late);
    },
  };
}
