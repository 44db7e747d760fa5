import { connect } from "node:net";
import { createInspector, imageBounds, isImageError } from "@prosopon/engine";
import fc from "fast-check";
import path from "node:path";
import sharp from "sharp";
import { call, IDENTITY, login, media, search, type RunningCommand } from "../lib/command.ts";
import { residentMegabytes } from "../memory.ts";
import { validDocuments } from "./documents.ts";
import { images, mutated } from "./images.ts";
import { forms, graphql, MARK, pipelined, rawRequests, uploads } from "./requests.ts";
import { frames, sendFrames } from "./sockets.ts";

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
 * So many cases: three fifths are images through the inspector, in this process; the rest are requests, forms, GraphQL and
 * WebSocket frames to the server, and images that the inspector took and a decoder gets. Throws what fast-check found, with the seed and the smallest case.
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

  const photos = await smallPhotos();
  await run(
    "images",
    part(0.6),
    fc.asyncProperty(images(photos), async (bytes) => void inspected(bytes)) as never,
  );
  // A logout would sign out all that follow.
  const signedIn = (text: string) => (/logout/i.test(text) ? text : text.replaceAll("TOKEN", token));
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
  const property = <T>(arbitrary: fc.Arbitrary<T>, send: (value: T) => Promise<Answer | undefined>) =>
    fc.asyncProperty(arbitrary, (value) => request(() => send(value))) as never;
  const requests: [string, number, fc.IAsyncProperty<[never]>][] = [
    [
      "requests",
      part(0.13),
      property(rawRequests, (text) => raw(server, signedIn(text)).then(([first]) => first)),
    ],
    [
      "pipelined",
      part(0.03),
      property(pipelined, async (text) => {
        for (const answer of await raw(server, signedIn(text))) judge(answer);
        return undefined;
      }),
    ],
    ["forms", part(0.06), property(forms, (body) => form(server.url, token, `${IDENTITY}/search`, body))],
    ["GraphQL", part(0.05), property(graphql, (body) => graphQl(server.url, token, body))],
    ["GraphQL, valid", part(0.07), property(validDocuments, (body) => graphQl(server.url, token, body))],
    ["GraphQL, files", part(0.03), property(uploads, (body) => form(server.url, token, "/graphql", body))],
    [
      "WebSocket frames",
      part(0.02),
      property(frames, async (sent) => {
        // By protocol a pong repeats its ping, and an answer the id of what it answers: the log is looked at all the same.
        return { status: statusOf(await sendFrames(server.url, token, sent)), text: "" };
      }),
    ],
    [
      "decoded",
      part(0.01),
      property(mutated(photos), async (bytes) => {
        if (!inspected(bytes)) return undefined;
        const { status, error = "" } = await search(server.url, token, bytes);
        if (!ENDS.has(status)) throw new Error(`a search ends as ${status} ${error}`);
        return { status: 200, text: error };
      }),
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

/** Of a search; 400 and 413 are refusals at its upload. */
const ENDS = new Set(["Succeeded", "Failed", "400", "413"]);

/** Small files of each kind of structure, of people's photographs. */
async function smallPhotos(): Promise<Buffer[]> {
  const small = (name: string) => sharp(path.join(media, name)).resize(160);
  return Promise.all([
    small("audrey.jpg").jpeg({ quality: 60 }).toBuffer(),
    small("franck_01829.jpg").jpeg({ progressive: true, quality: 60 }).withMetadata().toBuffer(),
    small("franck_02159.jpg")
      .jpeg({ chromaSubsampling: "4:4:4" })
      .withMetadata({ orientation: 6 })
      .toBuffer(),
    small("franck_02683.jpg").png({ palette: true }).toBuffer(),
    small("audrey.jpg").resize(60).png({ progressive: true }).withMetadata().toBuffer(),
  ]);
}

/** Refused or taken, in whole or in pieces, and nothing else. True when it is taken. */
function inspected(bytes: Buffer): boolean {
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
  return outcomes[0]!.startsWith("{");
}

interface Answer {
  status: number;
  /** All that came, head and body. */
  text: string;
  /** Of a JSON body that came whole. */
  json?: { statusCode?: number; errors?: unknown[] };
}

/** The answers; the connection is closed then. Nothing at all is a refusal too. */
function raw({ url }: RunningCommand, text: string): Promise<Answer[]> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () =>
    socket.write(Buffer.from(text, "utf8")),
  );
  const expected = text.split(" HTTP/1.1\r\n").length - 1;
  return new Promise((resolve) => {
    let received = "";
    // A request that announces more than it sends is waited for: that is a case of its own elsewhere.
    const patience = setTimeout(() => socket.destroy(), 60);
    socket.on("data", (data) => {
      received += data.toString("latin1");
      patience.refresh();
      const { answers, rest } = parsed(received);
      if (rest === "" && answers.length >= expected) socket.destroy();
    });
    socket.once("close", () => {
      clearTimeout(patience);
      resolve(parsed(received).answers);
    });
    socket.on("error", () => {});
  });
}

/** Those that say how long they are, one after the other; of what follows, the head is looked at. */
function parsed(text: string): { answers: Answer[]; rest: string } {
  const answers: Answer[] = [];
  let rest = text;
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n") + 4;
    const head = rest.slice(0, end);
    // HEAD has the length of a body that does not follow.
    const bare = rest.startsWith("HTTP/1.1 ", end);
    const length = bare ? 0 : Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.NaN);
    if (end < 4 || !(rest.length >= end + length)) {
      answers.push({ status: statusOf(rest), text: rest });
      break;
    }
    const body = rest.slice(end, end + length);
    const type = /^content-type: (.*)$/im.exec(head)?.[1] ?? "";
    answers.push({
      status: statusOf(head),
      text: head + body,
      ...(body && isJson(type) && { json: JSON.parse(body) as Answer["json"] }),
    });
    rest = rest.slice(end + length);
  }
  return { answers, rest };
}

const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0);

const isJson = (type: string): boolean => /^application\/(graphql-response\+)?json/i.test(type);

async function form(url: string, token: string, target: string, body: Buffer): Promise<Answer> {
  const answer = await fetch(url + target, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "multipart/form-data; boundary=b",
      // Of GraphQL's multipart requests: such a form is one that a page of another origin cannot send.
      "x-graphql-yoga-csrf": "1",
    },
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
  // What an account has stored may be answered to it: some of what is sent creates collections of such names.
  const refusal = status < 400 ? JSON.stringify(json?.errors ?? []) : text;
  if (refusal.includes(MARK)) throw new Error(`an answer repeats what was sent: ${refusal.slice(0, 400)}`);
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
