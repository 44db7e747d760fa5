import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "graphql-ws";
import sharp from "sharp";
import { WebSocket } from "ws";
import { png, text } from "../../packages/engine/test/structures.ts";
import {
  call,
  IDENTITY,
  media,
  photoForm,
  search,
  startCommand,
  type RunningCommand,
  type Told,
} from "../lib/command.ts";
import { residentMegabytes, treeMegabytes } from "../memory.ts";

export interface SoakReport {
  /** What was done and answered as it should be, by kind; anything else ends the soak. */
  done: Record<string, number>;
  /** Medians of the first and the last sixth of the time after the warm-up, MB. */
  server: Course;
  /** The same of the server and its decoders. */
  tree: Course;
  /** What is open at rest: before the work, and after it. */
  before: Open;
  after: Open;
}

interface Course {
  warmMb: number;
  endMb: number;
  /** Of each sixth. */
  sixths: number[];
}

interface Open {
  /** File descriptors of the server: sockets, pipes, files. */
  handles: number;
  processes: number;
  /** Images that the server keeps, and what it has in its directory for temporary files. */
  files: number;
}

/** Where the server of a soak has its data, and a directory of its own for temporary files. */
export interface SoakedServer extends RunningCommand {
  data: string;
  temporary: string;
}

export async function startSoaked(root: string, args: string[]): Promise<SoakedServer> {
  const [data, temporary] = [path.join(root, "data"), path.join(root, "tmp")];
  await mkdir(temporary);
  return { ...(await startCommand(data, args, { TMPDIR: temporary })), data, temporary };
}

/**
 * Share of the time that the same load goes before it as a warm-up: four minutes of ten. The native heap of the main thread takes so
 * long to its high-water mark, and stays there.
 */
const WARM_UP = 0.4;

/** Full load of every kind for so long, after the warm-up; then a look at what is left. */
export async function soak(server: SoakedServer, token: string, ms: number): Promise<SoakReport> {
  const { url, pid } = server;
  const photos = await Promise.all(
    ["franck_01829.jpg", "franck_02159.jpg", "audrey.jpg"].map((name) =>
      sharp(path.join(media, name)).jpeg().toBuffer(),
    ),
  );
  const bomb = png(300, 300, { before: [text("zTXt", 50e6)] });
  const done: Record<string, number> = {};
  const begun = performance.now() + WARM_UP * ms;
  const until = begun + ms;
  const forever = async (name: string, work: (turn: number) => Promise<unknown>): Promise<void> => {
    for (let turn = 0; performance.now() < until; turn++) {
      await work(turn);
      done[name] = (done[name] ?? 0) + 1;
    }
  };
  const photo = (turn: number) => photos[turn % photos.length]!;

  // Once of each first, and on every thread: what is opened once stays open.
  await Promise.all(Array.from({ length: 8 }, () => searched(url, token, photo(0))));
  await followed(url, token, photo(1));
  await sleep(1_500);
  const first = open(server);
  const before = { ...first, handles: first.handles - connections(url) };
  const own: number[] = [];
  const tree: number[] = [];
  const sampling = setInterval(
    () => {
      if (performance.now() < begun) return;
      own.push(residentMegabytes(pid));
      tree.push(treeMegabytes(pid));
    },
    Math.max(100, ms / 600),
  );
  await Promise.all([
    forever("enrolled and erased", async (turn) => {
      const form = photoForm("input_images", photo(turn), photo(turn));
      const { body } = await expected(200, call(url, token, "POST", IDENTITY, form));
      const end = await call(url, token, "GET", `${IDENTITY}?job_id=${body.job_id}&wait=30`);
      if (end.body.status !== "Succeeded") throw unexpected(end);
      await expected(204, call(url, token, "DELETE", `${IDENTITY}?identity_id=${end.body.identity_id}`));
    }),
    forever("searched", (turn) => searched(url, token, photo(turn))),
    forever("followed over GraphQL", (turn) => followed(url, token, photo(turn))),
    forever("listened to events", () => listened(url, token)),
    forever("cancelled", async (turn) => {
      const form = photoForm("input_image", photo(turn));
      const { body } = await expected(200, call(url, token, "POST", `${IDENTITY}/search`, form));
      // 409 when it has ended already.
      const { status } = await call(url, token, "DELETE", `/v1/jobs/${body.job_id}`);
      if (status !== 409 && status >= 300) throw new Error(`cancelling a job answers ${status}`);
    }),
    forever("refused", async () => {
      await expected(413, call(url, token, "POST", `${IDENTITY}/search`, photoForm("input_image", bomb)));
      await sleep(20);
    }),
    forever("broken off", () => brokenOff(url, token)),
  ]);
  clearInterval(sampling);
  await closeConnections();
  await settled(server, before);
  return { done, server: course(own), tree: course(tree), before, after: open(server) };
}

async function expected(status: number, told: Promise<Told>): Promise<Told> {
  const answer = await told;
  if (answer.status !== status) throw unexpected(answer);
  return answer;
}

const unexpected = ({ status, body }: Told) => new Error(`an answer is ${status} ${JSON.stringify(body)}`);

async function searched(url: string, token: string, photo: Uint8Array): Promise<void> {
  const { status, error } = await search(url, token, photo);
  if (status !== "Succeeded") throw new Error(`a search ended ${status}: ${error}`);
}

function course(memory: number[]): Course {
  const length = Math.floor(memory.length / 6);
  const sixths = Array.from({ length: 6 }, (_, at) => median(memory.slice(at * length, (at + 1) * length)));
  return { warmMb: sixths[0]!, endMb: sixths[5]!, sixths };
}

function open({ pid, data, temporary }: SoakedServer): Open {
  const handles = readdirSync(`/proc/${pid}/fd`).filter((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`) !== "";
    } catch {
      return false;
    }
  }).length;
  const processes = readdirSync("/proc").filter((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] === String(pid);
    } catch {
      return false;
    }
  }).length;
  const files = [path.join(data, "blobs"), temporary].flatMap((folder) => readdirSync(folder)).length;
  return { handles, processes, files };
}

/** Connections that are kept alive, and what is erased in the background, have their time to go. */
async function settled(server: SoakedServer, before: Open): Promise<void> {
  for (let tries = 0; tries < 90; tries++) {
    const now = open(server);
    if (now.handles <= before.handles && now.processes <= before.processes && now.files <= before.files)
      return;
    await sleep(1_000);
  }
}

async function followed(url: string, token: string, photo: Uint8Array): Promise<void> {
  const client = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { token },
    retryAttempts: 0,
  });
  try {
    const { body } = await call(url, token, "POST", `${IDENTITY}/search`, photoForm("input_image", photo));
    const query = `subscription { jobUpdated(id: "${body.job_id}") { status } }`;
    for await (const { errors } of client.iterate({ query }))
      if (errors) throw new Error(JSON.stringify(errors));
  } finally {
    await client.dispose();
  }
}

async function listened(url: string, token: string): Promise<void> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/events`, {
    headers: { authorization: `Bearer ${token}` },
  });
  await new Promise((resolve, reject) =>
    socket.once("message", resolve).once("error", reject).once("close", resolve),
  );
  socket.terminate();
  await sleep(50);
}

function brokenOff(url: string, token: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `POST ${IDENTITY} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\nContent-Disposition: form-data; name="input_images"; filename="p.jpg"\r\n\r\n\xff\xd8\xff\xe0`,
  );
  return new Promise((resolve) =>
    setTimeout(() => {
      socket.resetAndDestroy();
      resolve();
    }, 40),
  );
}

/** Those that this process's `fetch` keeps alive: they are the server's handles too. The symbol is how Node finds them. */
async function closeConnections(): Promise<void> {
  const holder = globalThis as unknown as Record<symbol, { destroy?(): Promise<void> } | undefined>;
  await holder[Symbol.for("undici.globalDispatcher.1")]?.destroy?.();
}

/** Connections that are established to the server now, as the kernel lists them. */
function connections(url: string): number {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, "0");
  const established = new RegExp(`^ *\\d+: [0-9A-F]+:${port} [0-9A-F]+:[0-9A-F]+ 01 `);
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .filter((line) => established.test(line)).length;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
