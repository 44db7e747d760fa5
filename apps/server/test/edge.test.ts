import { connect, type Socket } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lastResort } from "../src/last-resort.ts";
import { createPlaces } from "@prosopon/service";
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
    expect(answer === "" || /^HTTP\/1\.1 (101|4\d\d) /.test(answer)).toBe(true);
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
