import { connect } from "node:net";
import { createInspector, imageBounds, isImageError } from "@prosopon/engine";
import fc from "fast-check";
import { call, IDENTITY, login, type RunningCommand } from "../lib/command.ts";
import { residentMegabytes } from "../memory.ts";
import { images } from "./images.ts";
import { forms, graphql, MARK, rawRequests } from "./requests.ts";

export interface FuzzReport {
  cases: Record<string, number>;
  slowestMs: number;
  /** Growth of the server's memory from after the first tenth of the requests to the end. */
  grownMb: number;
}

/** No answer may take longer, beside what the machine itself is late by. */
const SLOW_MS = 2_000;
/** The warm-up has cases of its own. */
const WARM_UP_SEED = 1_000_003;
/** An answer that has not come by then fails its case, ms. */
const GIVE_UP_MS = 30_000;

/**
 * So many cases: three fifths are images through the inspector, in this process; the rest are requests, forms and GraphQL to the
 * server. Throws what fast-check found, with the seed and the smallest case.
 */
export async function fuzz(
  server: RunningCommand,
  { cases, seed }: { cases: number; seed: number },
): Promise<FuzzReport> {
  const token = await login(server.url, server);
  const part = (of: number) => Math.ceil(cases * of);
  const report: FuzzReport = { cases: {}, slowestMs: 0, grownMb: 0 };
  const run = async (name: string, numRuns: number, property: fc.IAsyncProperty<[never]>, from = seed) => {
    await fc.assert(property, { numRuns, seed: from, endOnFailure: false });
    report.cases[name] = numRuns;
  };

  await run("images", part(0.6), fc.asyncProperty(images, async (bytes) => inspected(bytes)) as never);
  const request = async (send: () => Promise<Answer | undefined>) => {
    const begun = performance.now();
    const answer = await send();
    const ms = performance.now() - begun;
    report.slowestMs = Math.max(report.slowestMs, ms);
    if (ms > SLOW_MS && ms > 3 * (await pingMs(server)))
      throw new Error(`an answer took ${Math.round(ms)} ms`);
    if (server.code !== undefined) throw new Error(`the server has ended with ${server.code}`);
    if (answer) judge(answer);
  };
  const requests: [string, number, fc.IAsyncProperty<[never]>][] = [
    [
      "requests",
      part(0.2),
      fc.asyncProperty(rawRequests, (text) =>
        request(() => raw(server, text.replaceAll("TOKEN", token))),
      ) as never,
    ],
    [
      "forms",
      part(0.08),
      fc.asyncProperty(forms, (body) => request(() => form(server.url, token, body))) as never,
    ],
    [
      "GraphQL",
      part(0.12),
      fc.asyncProperty(graphql, (body) => request(() => graphQl(server.url, token, body))) as never,
    ],
  ];
  for (const [name, runs, property] of requests)
    await run(`${name}, warm-up`, Math.ceil(runs / 10), property, seed + WARM_UP_SEED);
  const before = residentMegabytes(server.pid);
  for (const [name, runs, property] of requests) await run(name, Math.ceil(runs * 0.9), property);
  report.grownMb = residentMegabytes(server.pid) - before;

  if (server.code !== undefined) throw new Error(`the server has ended with ${server.code}`);
  if ((await fetch(`${server.url}/healthz`)).status !== 200) throw new Error("the server does not answer");
  const faults = server.log.filter((line) => /"level":[56]0|unhandled/.test(line));
  if (faults.length > 0) throw new Error(`the log has faults: ${faults[0]}`);
  if (server.log.some((line) => line.includes(MARK))) throw new Error("the log repeats what was sent");
  return report;
}

/** Refused or taken, in whole or in pieces, and nothing else. */
function inspected(bytes: Buffer): void {
  const outcomes = [3, 65_536].map((size) => {
    try {
      const inspector = createInspector(imageBounds());
      for (let at = 0; at < bytes.length; at += size) inspector.push(bytes.subarray(at, at + size));
      return JSON.stringify({ ...inspector.end(), profile: undefined });
    } catch (error) {
      if (!isImageError(error)) throw error;
      return error.code;
    }
  });
  if (outcomes[0] !== outcomes[1]) throw new Error(`in pieces ${outcomes[0]}, whole ${outcomes[1]}`);
}

interface Answer {
  status: number;
  /** All that came, head and body. */
  text: string;
  /** Of a JSON body that came whole. */
  json?: { statusCode?: number; errors?: unknown[] };
}

/** The first answer; the connection is closed then. Nothing at all is a refusal too. */
function raw({ url }: RunningCommand, text: string): Promise<Answer | undefined> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () =>
    socket.write(Buffer.from(text, "utf8")),
  );
  return new Promise((resolve) => {
    let answer = "";
    // A request that announces more than it sends is waited for: that is a case of its own elsewhere.
    const patience = setTimeout(() => socket.destroy(), 60);
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      patience.refresh();
      if (bodyOf(answer) !== undefined) socket.destroy();
    });
    socket.once("close", () => {
      clearTimeout(patience);
      resolve(answer === "" ? undefined : parsed(answer));
    });
    socket.on("error", () => {});
  });
}

function parsed(text: string): Answer {
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);
  const body = bodyOf(text);
  const type = /^content-type: (.*)$/im.exec(text)?.[1] ?? "";
  return { status, text, ...(body && isJson(type) && { json: JSON.parse(body) as Answer["json"] }) };
}

/** Of an answer that says how long it is, and came whole. */
function bodyOf(answer: string): string | undefined {
  const [head = "", body] = answer.split("\r\n\r\n", 2);
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  return length !== undefined && body?.length === Number(length) ? body : undefined;
}

const isJson = (type: string): boolean => /^application\/(graphql-response\+)?json/i.test(type);

async function form(url: string, token: string, body: Buffer): Promise<Answer> {
  const answer = await fetch(`${url}${IDENTITY}/search`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "multipart/form-data; boundary=b" },
    body: new Uint8Array(body),
    signal: AbortSignal.timeout(GIVE_UP_MS),
  });
  return received(answer);
}

async function graphQl(url: string, token: string, body: string): Promise<Answer> {
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json",
    },
    body,
    signal: AbortSignal.timeout(GIVE_UP_MS),
  });
  return received(answer);
}

async function received(answer: Response): Promise<Answer> {
  const text = await answer.text();
  const json = text !== "" && isJson(answer.headers.get("content-type") ?? "");
  return { status: answer.status, text, ...(json && { json: JSON.parse(text) as Answer["json"] }) };
}

function judge({ status, text, json }: Answer): void {
  if (text.includes(MARK)) throw new Error(`an answer repeats what was sent: ${text.slice(0, 400)}`);
  if (status >= 500 && status !== 503) throw new Error(`an answer is ${status} ${text.slice(0, 400)}`);
  // What refuses says so in the documented shape, or in GraphQL's.
  if (status >= 400 && json && json.statusCode !== status && !Array.isArray(json.errors))
    throw new Error(`a refusal has another shape: ${text.slice(0, 400)}`);
}

async function pingMs({ url }: RunningCommand): Promise<number> {
  const begun = performance.now();
  await call(url, "", "GET", "/healthz");
  return performance.now() - begun;
}
