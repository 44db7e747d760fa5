import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "graphql-ws";
import sharp from "sharp";
import { WebSocket } from "ws";
import { png, text } from "../../packages/engine/test/structures.ts";
import { call, IDENTITY, media, photoForm, search, type RunningCommand } from "../lib/command.ts";
import { residentMegabytes } from "../memory.ts";

export interface SoakReport {
  /** What was done, by kind. */
  done: Record<string, number>;
  /** Resident memory of the server, MB: medians of the second and the last sixth of the time. */
  warmMb: number;
  endMb: number;
  /** What is open at rest: before the work, and after it. */
  before: Open;
  after: Open;
}

interface Open {
  /** File descriptors of the server: sockets, pipes, files. */
  handles: number;
  processes: number;
  /** Images that the server keeps. */
  images: number;
}

/** Full load of every kind for so long, then a look at what is left. */
export async function soak(
  server: RunningCommand,
  data: string,
  token: string,
  ms: number,
): Promise<SoakReport> {
  const { url, pid } = server;
  const photos = await Promise.all(
    ["franck_01829.jpg", "franck_02159.jpg", "audrey.jpg"].map((name) =>
      sharp(path.join(media, name)).jpeg().toBuffer(),
    ),
  );
  const bomb = png(300, 300, { before: [text("zTXt", 50e6)] });
  const done: Record<string, number> = {};
  const until = performance.now() + ms;
  const forever = async (name: string, work: (turn: number) => Promise<unknown>): Promise<void> => {
    for (let turn = 0; performance.now() < until; turn++) {
      await work(turn);
      done[name] = (done[name] ?? 0) + 1;
    }
  };
  const photo = (turn: number) => photos[turn % photos.length]!;

  // Once of each first: what is opened once stays open.
  await search(url, token, photo(0));
  await followed(url, token, photo(1));
  await sleep(1_500);
  const before = open(pid, data);
  const memory: number[] = [];
  const sampling = setInterval(() => memory.push(residentMegabytes(pid)), Math.max(100, ms / 600));
  await Promise.all([
    forever("enrolled and erased", async (turn) => {
      const { body } = await call(
        url,
        token,
        "POST",
        IDENTITY,
        photoForm("input_images", photo(turn), photo(turn)),
      );
      const end = await call(url, token, "GET", `${IDENTITY}?job_id=${body.job_id}&wait=30`);
      if (end.body.identity_id)
        await call(url, token, "DELETE", `${IDENTITY}?identity_id=${end.body.identity_id}`);
    }),
    forever("searched", (turn) => search(url, token, photo(turn))),
    forever("followed over GraphQL", (turn) => followed(url, token, photo(turn))),
    forever("listened to events", () => listened(url, token)),
    forever("cancelled", async (turn) => {
      const { body } = await call(
        url,
        token,
        "POST",
        `${IDENTITY}/search`,
        photoForm("input_image", photo(turn)),
      );
      await call(url, token, "DELETE", `/v1/jobs/${body.job_id}`);
    }),
    forever("refused", async () => {
      await search(url, token, bomb);
      await sleep(20);
    }),
    forever("broken off", () => brokenOff(url, token)),
  ]);
  clearInterval(sampling);
  await closeConnections();
  await settled(pid, data, before);
  const sixth = Math.floor(memory.length / 6);
  return {
    done,
    warmMb: median(memory.slice(sixth, 2 * sixth)),
    endMb: median(memory.slice(-sixth)),
    before,
    after: open(pid, data),
  };
}

function open(pid: number, data: string): Open {
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
  const images = readdirSync(path.join(data, "blobs")).filter((name) =>
    /^prosopon_[\w-]{23}/.test(name),
  ).length;
  return { handles, processes, images };
}

/** Connections that are kept alive, and what is erased in the background, have their time to go. */
async function settled(pid: number, data: string, before: Open): Promise<void> {
  for (let tries = 0; tries < 90; tries++) {
    const now = open(pid, data);
    if (now.handles <= before.handles && now.processes <= before.processes && now.images <= before.images)
      return;
    await sleep(1_000);
    await readdir(data);
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

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
