import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import { quantile, round } from "./gateway/figures.ts";
import { hostileFiles, type HostileFile } from "./hostile/files.ts";
import { createAccount, login, media, search, startCommand } from "./lib/command.ts";
import { residentMegabytes, treeMegabytes } from "./memory.ts";

const DEFAULT_SECONDS = 40;
/** Uploads of the hostile account at once; each is sent again as soon as it has ended. */
const SENDERS = 8;
const LOOK_MS = 50;

/** Looks at the memory of the server, and of all below it, every so often; answers the peaks when stopped. */
function watchMemory(pid: number): () => { tree: number; server: number } {
  const peak = { tree: 0, server: 0 };
  const look = () => {
    peak.tree = Math.max(peak.tree, treeMegabytes(pid));
    peak.server = Math.max(peak.server, residentMegabytes(pid));
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

export const bench: Bench = {
  summary:
    "another account's searches, memory and the end of the built server while one account sends decoders' bombs",
  options: [["--seconds <n>", `how long the bombs are sent (default ${DEFAULT_SECONDS})`]],
  async run({ seconds }) {
    const root = await mkdtemp(path.join(tmpdir(), "prosopon-hostile-"));
    try {
      return await measure(root, Number(seconds ?? DEFAULT_SECONDS));
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
};

async function measure(data: string, seconds: number): ReturnType<Bench["run"]> {
  const files = await hostileFiles();
  const photo = await readFile(path.join(media, "franck_04000.jpg"));
  const server = await startCommand(data, ["--threads", "2"]);
  const { url, pid } = server;
  const bomber = await login(url, server);
  const other = await login(url, await createAccount(data, "another"));

  for (let warm = 0; warm < 5; warm++) await search(url, other, photo);
  await sleep(2_000);
  const rest = treeMegabytes(pid);
  const alone = await oneByOne(files, url, bomber, pid, rest);
  const idle = await searches(url, other, photo, 10_000);

  const stopWatch = watchMemory(pid);
  const enough = new AbortController();
  const bombs = Array.from({ length: SENDERS }, async (_, sender) => {
    for (let at = sender; !enough.signal.aborted; at++)
      await search(url, bomber, files[at % files.length]!.bytes).catch(() => {});
  });
  await sleep(1_000);
  const busy = await searches(url, other, photo, seconds * 1_000);
  const peak = stopWatch();
  enough.abort();
  const stopMs = await server.stop();
  await Promise.all(bombs);

  const figures = {
    "idle.p50_ms": round(quantile(idle, 0.5)),
    "idle.worst_ms": round(Math.max(...idle)),
    "bombs.p50_ms": round(quantile(busy, 0.5)),
    "bombs.worst_ms": round(Math.max(...busy)),
    "bombs.searches": busy.length,
    "memory.rest_mb": round(rest),
    "memory.peak_mb": round(peak.tree),
    "memory.server_peak_mb": round(peak.server),
    "stop.ms": round(stopMs),
    "alone.slowest_ms": round(Math.max(...alone.map(({ ms }) => ms))),
    "alone.most_mb": round(Math.max(...alone.map(({ more }) => more))),
    "alone.unexplained": alone.filter(({ end }) => end === "").length,
  };
  return {
    tables: [
      {
        title: "Each file alone",
        rows: alone.map(({ name, ms, more, end }) => ({
          file: name,
          ms: round(ms),
          "MB above rest": round(more),
          end: end.slice(0, 90),
        })),
      },
      {
        title: `Another account's searches, ${SENDERS} bombs at a time beside them for ${seconds} s`,
        rows: [
          { when: "idle", "p50, ms": figures["idle.p50_ms"], "worst, ms": figures["idle.worst_ms"] },
          { when: "under bombs", "p50, ms": figures["bombs.p50_ms"], "worst, ms": figures["bombs.worst_ms"] },
        ],
      },
    ],
    figures,
    goals: [
      {
        name: "another account's slowest search under bombs",
        value: figures["bombs.worst_ms"],
        goal: 5_000,
        direction: "<=",
        unit: "ms",
      },
      {
        name: "memory peak of the server and its decoders, two threads",
        value: figures["memory.peak_mb"],
        goal: 700,
        direction: "<=",
        unit: "MB",
      },
      {
        name: "SIGTERM to the end under bombs",
        value: figures["stop.ms"],
        goal: 10_000,
        direction: "<=",
        unit: "ms",
      },
      {
        name: "slowest hostile file alone, upload to end",
        value: figures["alone.slowest_ms"],
        goal: 2_000,
        direction: "<=",
        unit: "ms",
      },
      {
        name: "most memory of a hostile file alone above rest",
        value: figures["alone.most_mb"],
        goal: 300,
        direction: "<=",
        unit: "MB",
      },
    ],
  };
}

async function oneByOne(files: HostileFile[], url: string, token: string, pid: number, rest: number) {
  const rows: { name: string; ms: number; more: number; end: string }[] = [];
  for (const { name, bytes } of files) {
    const stop = watchMemory(pid);
    const begun = performance.now();
    const { status, error } = await search(url, token, bytes);
    rows.push({
      name,
      ms: performance.now() - begun,
      more: stop().tree - rest,
      end: status === "Succeeded" ? "searched" : `${status}: ${error ?? ""}`,
    });
  }
  return rows;
}

/** Milliseconds of each search, one after the other, for so long. */
async function searches(url: string, token: string, photo: Uint8Array, ms: number): Promise<number[]> {
  const times: number[] = [];
  for (const until = performance.now() + ms; performance.now() < until;) {
    const begun = performance.now();
    const { status, error } = await search(url, token, photo);
    if (status !== "Succeeded") throw new Error(`a search of another account ended ${status}: ${error}`);
    times.push(performance.now() - begun);
  }
  return times;
}
