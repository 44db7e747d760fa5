import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine } from "@prosopon/engine";
import { createAccounts, createService, openLocalBlobs, type Storage } from "@prosopon/service";
import { openSqliteStorage } from "@prosopon/service/sqlite";
import type { Bench } from "./bench.ts";
import { defaultOf } from "./lib/account.ts";
import { DIMENSION, embeddingOf } from "./lib/embedding.ts";
import { BUSY, CROWD, fill, identityId, TWINS } from "./loop/fill.ts";
import { hold } from "./loop/hold.ts";

const GOAL_MS = 100;

export const bench: Bench = {
  summary: "how long one request, or one sweep, holds the event loop with 100,000 people of 3 kB metadata",
  options: [
    ["--identities <n>", "people of each of two accounts (default 100000)"],
    ["--jobs <n>", "ended jobs, and expired sessions and uploads (default 100000)"],
    ["--only <text>", "only what has this in its name"],
  ],
  async run(options) {
    const identities = Number(options.identities ?? 100_000);
    const ended = Number(options.jobs ?? 100_000);
    const directory = mkdtempSync(join(tmpdir(), "prosopon-loop-"));
    try {
      await fill(directory, { identities, ended, waiting: 10_000 });
      const storage = await openSqliteStorage({ directory });
      const rows = [];
      try {
        for (const [name, work] of await works(storage, directory, { identities, ended })) {
          if (options.only && !name.includes(String(options.only))) continue;
          const { longest, computed, took } = await hold(work);
          rows.push({
            what: name,
            "longest hold, ms": round(longest),
            "of computing, ms": round(computed),
            "all of it, ms": Math.round(took),
          });
        }
      } finally {
        await storage.close();
      }
      const computed = Math.max(...rows.map((row) => row["of computing, ms"]));
      const worst = Math.max(...rows.map((row) => row["longest hold, ms"]));
      return {
        tables: [{ title: `Holds of the event loop, ${identities} people and ${ended} ended jobs`, rows }],
        figures: Object.fromEntries(
          rows.map((row) => [`loop.${row.what.replaceAll(/\W+/g, "_")}.hold_ms`, row["longest hold, ms"]]),
        ),
        goals: [
          { name: "longest hold", value: worst, goal: GOAL_MS, direction: "<=", unit: "ms" },
          // What others keep the cores from, on a machine with other work, is not in this one.
          { name: "most computing in one turn", value: computed, goal: GOAL_MS, direction: "<=", unit: "ms" },
        ],
      };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

type Work = [name: string, work: () => Promise<unknown>];

async function works(
  storage: Storage,
  directory: string,
  { identities, ended }: { identities: number; ended: number },
): Promise<Work[]> {
  const blobs = await openLocalBlobs(join(directory, "blobs"));
  // Starts no thread: an API node has none.
  const engine = createEngine({ threads: 1 });
  const service = createService({ storage, blobs, engine, role: "api" });
  const crowd = await loginOf(storage, service.fetch, CROWD);
  const twins = await loginOf(storage, service.fetch, TWINS);
  const busy = await loginOf(storage, service.fetch, BUSY);
  const get = (token: string, path: string): Work => [
    `GET ${path}`,
    async () => {
      const answer = await service.fetch(
        new Request(`http://bench${path}`, { headers: { authorization: `Bearer ${token}` } }),
      );
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      await answer.text();
    },
  ];
  const probe = embeddingOf(new Float32Array(DIMENSION).fill(1 / Math.sqrt(DIMENSION)));
  const [crowded, twinned] = [await defaultOf(storage, CROWD), await defaultOf(storage, TWINS)];
  const nearest = (name: string, key: typeof crowded): Work => [
    name,
    () => storage.identities.nearest(key, probe, 10),
  ];
  const events = (name: string, token: string, count: number, cursor?: string): Work => [
    name,
    async () => {
      const stop = new AbortController();
      const answer = await service.fetch(
        new Request("http://bench/v1/events", {
          headers: {
            accept: "text/event-stream",
            authorization: `Bearer ${token}`,
            ...(cursor !== undefined && { "last-event-id": cursor }),
          },
          signal: stop.signal,
        }),
      );
      let told = 0;
      for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
        told += chunk.split("data: ").length - 1;
        if (told >= count) break;
      }
      stop.abort();
    },
  ];
  const erase = (name: string, ids: string[]): Work => [
    name,
    () => storage.identities.delete(CROWD, ids, Date.now()),
  ];
  // Each ended job has three events; more than come would be waited for without end.
  const changes = Math.min(100_000, 3 * ended);
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => identityId(CROWD, from + index));
  return [
    get(crowd, "/v1/identities?text=nobody"),
    get(crowd, "/v1/identities?text=n%2099"),
    get(crowd, "/v1/identities?metadata[team]=nowhere"),
    get(crowd, "/v1/identities?metadata[team]=team-7&metadata[active]=true&text=42"),
    get(crowd, "/v1/identities?limit=100"),
    get(crowd, "/v1/account"),
    get(crowd, "/v1/jobs?status=Sent"),
    get(crowd, "/v1/jobs?kind=enrol"),
    get(twins, "/v1/account"),
    nearest("first search, loading the gallery", crowded),
    nearest("search", crowded),
    nearest("first search among identical faces", twinned),
    nearest("search among identical faces", twinned),
    events("events: the state of 10,000 waiting jobs", busy, 10_000),
    events(`events: resuming after ${changes}`, crowd, changes, "0"),
    [
      "20 filters at once",
      () => Promise.all(Array.from({ length: 20 }, () => get(crowd, "/v1/identities?metadata[team]=x")[1]())),
    ],
    erase("deleting one who is named by every search", [identityId(CROWD, 0)]),
    erase("deleting 1,000 at once", many(Math.floor(identities / 2), 1_000)),
    ["sweep of sessions", () => storage.sessions.sweep(Date.now())],
    ["sweep of uploads", () => storage.uploads.sweep(Date.now())],
    ["needed images", () => storage.referencedBlobs()],
    ["sweep of jobs", () => storage.jobs.sweep(Date.now())],
  ];
}

async function loginOf(
  storage: Storage,
  fetch: (request: Request) => Promise<Response>,
  account: string,
): Promise<string> {
  const { secretId } = await createAccounts({ storage }).rotate(account);
  const answer = await fetch(
    new Request("http://bench/login", {
      method: "POST",
      body: JSON.stringify({ clientId: account, secretId }),
    }),
  );
  return ((await answer.json()) as { token: string }).token;
}

const round = (ms: number): number => Number(ms.toFixed(1));
