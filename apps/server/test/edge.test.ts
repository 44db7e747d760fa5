import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { lastResort } from "../src/last-resort.ts";
import { listen, type Listening } from "../src/listen.ts";
import { createPlaces } from "@prosopon/service/node";
import { startServer, temporaryDirectory, type RunningServer } from "./command.ts";

const handshake = (target: string) =>
  `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;

/** Says this; the first that comes back, or nothing when the other side just closes. */
async function say(port: number, text: string): Promise<{ answer: string; socket: Socket }> {
  const socket = connect(port, "127.0.0.1", () => socket.write(text));
  const answer = await new Promise<string>((resolve) => {
    socket.once("data", (data) => resolve(String(data)));
    socket.once("close", () => resolve(""));
    socket.on("error", () => {});
  });
  return { answer, socket };
}

const status = ({ answer }: { answer: string }): number => Number(answer.split(" ")[1]);

describe("the command's port", () => {
  let server: RunningServer;
  let port: number;
  beforeAll(async () => {
    server = await startServer(await temporaryDirectory(), ["--connections-per-address", "8"]);
    port = Number(new URL(server.url).port);
  });
  afterAll(() => server.stop());

  it.each([
    "//",
    "//:0",
    "//[::1",
    "//x:99999/",
    "http://",
    "http://[",
    "*",
    "/%",
    "/nowhere",
    "/v1/events?token=%",
    "/graphql?%%",
  ])("survives an upgrade to %j", async (target) => {
    const { answer, socket } = await say(port, handshake(target));
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 (101|4\d\d) /);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it("takes sockets with a trailing slash, of both kinds", async () => {
    for (const target of ["/v1/events/", "/graphql/"]) {
      const { answer, socket } = await say(port, handshake(target));
      socket.destroy();
      expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    }
  });

  it("gives one address so many connections, and tells the next one why", async () => {
    const held: Socket[] = [];
    let refused: string | undefined;
    for (let at = 0; at < 12 && refused === undefined; at++) {
      const said = await say(port, handshake(at % 2 ? "/graphql" : "/v1/events"));
      held.push(said.socket);
      if (status(said) !== 101) refused = said.answer;
    }
    expect(refused).toMatch(/^HTTP\/1\.1 429 [^]*retry-after/i);
    const plain = await say(port, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    held.push(plain.socket);
    expect([status(plain), plain.answer.includes("--connections-per-address")]).toEqual([429, true]);
    for (const socket of held) socket.destroy();
    await expect
      .poll(async () => (await fetch(`${server.url}/healthz`).catch(() => undefined))?.status)
      .toBe(200);
  });
});

describe("a connection", () => {
  const openSockets: Socket[] = [];
  const opened: Listening[] = [];
  afterEach(async () => {
    for (const socket of openSockets.splice(0)) socket.destroy();
    await Promise.all(opened.splice(0).map((listening) => listening.close()));
  });

  async function listening(
    answer: (request: Request) => Response | Promise<Response>,
    options: Partial<Parameters<typeof listen>[1]>,
  ) {
    const fetch = async (request: Request) => answer(request);
    const made = await listen(
      { fetch },
      { port: 0, host: "127.0.0.1", connectionsPerAddress: 20_000, ...options },
    );
    opened.push(made);
    return Number(new URL(made.url).port);
  }

  function opening(port: number, text: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(text);
        resolve(socket);
      });
      socket.on("error", reject);
      openSockets.push(socket);
    });
  }

  it("whose caller never reads its answer is let go", async () => {
    const endless = () => {
      const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
      return new Response(body);
    };
    const port = await listening(endless, { silentMs: 1_000 });
    const socket = await opening(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    socket.pause();
    const { server } = opened[0]!;
    const count = () => new Promise<number>((resolve) => server.getConnections((_, n) => resolve(n)));
    await expect.poll(count, { timeout: 60_000 }).toBe(0);
  });

  it("whose headers never come is told so with 408", async () => {
    const port = await listening(() => new Response("ok"), { headersMs: 600 });
    const socket = await opening(port, "GET / HTTP/1.1\r\nHost: x\r\nX-Half:");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 408 [^]*"statusCode":408/);
  });

  it("over the bound that is still sending a body reads why it is refused", async () => {
    const port = await listening(async (request) => new Response(await request.text()), {
      connectionsPerAddress: 1,
    });
    await opening(port, "");
    const refused = await opening(port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    refused.on("error", () => {});
    const sending = setInterval(() => refused.writable && refused.write("x".repeat(10_000)), 20);
    const [answer] = (await once(refused, "data")) as [Buffer];
    clearInterval(sending);
    expect(String(answer)).toMatch(/^HTTP\/1\.1 429 [^]*retry-after: 5/i);
  });

  it("of a trusted proxy is nobody's own: each address behind it has so many requests at once", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const port = await listening(() => held.then(() => new Response("ok")), {
      connectionsPerAddress: 2,
      trustedProxies: 1,
    });
    const from = (address: string) =>
      fetch(`http://127.0.0.1:${port}/`, { headers: { "x-forwarded-for": address } }).then((r) => r.status);
    // One /64 of IPv6 is one address.
    const waiting = [from("2001:db8::1"), from("2001:db8::2")];
    await expect.poll(() => from("2001:db8::3")).toBe(429);
    const other = from("192.0.2.7");
    release();
    expect(await Promise.all([...waiting, other])).toEqual([200, 200, 200]);
    expect(await from("2001:db8::3")).toBe(200);
  });

  it("of two thousand idle ones keeps nobody from an answer", async () => {
    const port = await listening(() => new Response("ok"), {});
    for (let at = 0; at < 2_000; at += 250)
      await Promise.all(Array.from({ length: 250 }, () => opening(port, "")));
    const begun = performance.now();
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});

describe("places", () => {
  it("are given back once, however often that is said", () => {
    const places = createPlaces(2);
    const first = places.take("a");
    const second = places.take("a");
    expect([places.take("a"), typeof places.take("b")]).toEqual([undefined, "function"]);
    first?.();
    first?.();
    expect(typeof places.take("a")).toBe("function");
    expect(places.take("a")).toBe(undefined);
    second?.();
  });
});

describe("the last resort", () => {
  it("logs a stray fault and lets the process live, and ends one that fails in showers", () => {
    const before = process.listeners("uncaughtException");
    const codes: number[] = [];
    lastResort(pino({ level: "silent" }), (code) => codes.push(code));
    const meet = process.listeners("uncaughtException").find((listener) => !before.includes(listener))!;
    try {
      for (let at = 0; at < 20; at++) meet(new Error("stray"), "uncaughtException");
      expect(codes).toEqual([]);
      meet(new Error("one too many"), "uncaughtException");
      expect(codes).toEqual([1]);
    } finally {
      process.removeListener("uncaughtException", meet);
      process.removeListener("unhandledRejection", meet as never);
    }
  });
});
