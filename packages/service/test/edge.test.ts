import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { defaultLimits } from "../src/limits.ts";
import { photo, PROBLEM_KEYS, raw, start, type Answer, type Fixture } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  // A second instead of a minute: what is promised is that it ends, with this answer.
  server = await start({ limits: { bodyIdleMs: 1_000 } });
});

const websocket =
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
const bearer = () => `Authorization: Bearer ${server.token}\r\n`;

async function isThere(): Promise<void> {
  expect((await server.call("GET", "/healthz")).status).toBe(200);
}

function expectProblem(answer: Answer, status: number): void {
  expect([answer.status, Object.keys(answer.body).toSorted()]).toEqual([status, PROBLEM_KEYS.toSorted()]);
}

/** A socket that says this, then `chunk` again and again, until the other side ends it; all that was answered. */
async function drip(head: string, chunk: string, everyMs: number): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  const closed = Promise.withResolvers<void>();
  let answer = "";
  socket.on("data", (data) => {
    answer += data.toString("latin1");
    if (answer.includes("\r\n\r\n")) socket.destroy();
  });
  socket.on("error", () => {});
  socket.on("close", () => closed.resolve());
  socket.write(head);
  const timer = setInterval(() => socket.writable && socket.write(chunk), everyMs);
  await closed.promise;
  clearInterval(timer);
  return answer;
}

/** What comes first, or nothing when the other side just closes. */
function firstAnswer(text: string): Promise<string> {
  const socket = connect(server.port, "127.0.0.1", () => socket.write(text));
  return new Promise((resolve) => {
    socket.once("data", (data) => {
      resolve(String(data));
      socket.destroy();
    });
    socket.once("close", () => resolve(""));
    socket.on("error", () => {});
  });
}

describe("an upgrade", () => {
  it.each([
    "//",
    "///",
    "//:0",
    "//[::1",
    "//x:99999/",
    "//@",
    "http://",
    "http://[",
    "https://",
    "ws://x/v1/events",
    "/\\",
    "/%",
    "/v1/events?token=%",
    "*",
    "?",
    "/v1/events/../x",
    "/\u00ff",
  ])("to the target %j is refused, and the process serves on", async (target) => {
    const answer = await firstAnswer(`GET ${target} HTTP/1.1\r\nHost: x\r\n${websocket}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (101|4\d\d) /);
    await isThere();
  });

  it("whose caller resets the connection at once harms nobody", async () => {
    for (let at = 0; at < 100; at++) {
      const socket: Socket = connect(server.port, "127.0.0.1", () => {
        socket.write(`GET /${at % 2 ? "v1/events" : "x"} HTTP/1.1\r\nHost: x\r\n${websocket}\r\n`);
        socket.resetAndDestroy();
      });
      socket.on("error", () => {});
    }
    await sleep(200);
    await isThere();
  });

  it("with a malformed handshake is answered 400 with the reason", async () => {
    const answer = await raw(server.port, [
      `GET /v1/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 7\r\nSec-WebSocket-Key: x\r\n\r\n`,
    ]);
    expectProblem(answer, 400);
    expect(answer.headers.get("sec-websocket-version")).toBe("13");
  });

  it("takes a trailing slash, doubled ones, and an absolute form, as every other path does", async () => {
    for (const target of ["/v1/events/", "//v1//events", "http://x/v1/events"]) {
      const socket = connect(server.port, "127.0.0.1");
      socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n${bearer()}${websocket}\r\n`);
      const first = await new Promise<string>((resolve) =>
        socket.once("data", (data) => resolve(String(data))),
      );
      socket.destroy();
      expect(first).toMatch(/^HTTP\/1\.1 101 /);
    }
  });

  it.each(["h2c", "TLS/1.0", "h2c, foo/2", "made-up"])(
    "to %s is ignored: the request is answered as plain HTTP/1.1, with its body",
    async (protocol) => {
      const head = `Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n`;
      const read = await raw(server.port, [`GET /v1/account HTTP/1.1\r\n${head}${bearer()}\r\n`]);
      expect([read.status, read.body.name]).toEqual([200, "test"]);
      const body = JSON.stringify({ clientId: server.clientId, secretId: server.secretId });
      const written = await raw(server.port, [
        `POST /login HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n\r\n`,
        body,
      ]);
      expect([written.status, Object.keys(written.body)]).toEqual([
        200,
        ["token", "expireTime", "refreshToken"],
      ]);
    },
  );
});

/** Everything that a connection answers to this, said in one write; the connection is ended by the other side. */
function allAnswers(text: string): Promise<string> {
  const socket = connect(server.port, "127.0.0.1", () => socket.write(text));
  let all = "";
  return new Promise((resolve) => {
    socket.on("data", (data) => (all += data.toString("latin1")));
    socket.on("error", () => {});
    socket.once("close", () => resolve(all));
  });
}

const statuses = (answers: string): number[] =>
  [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

describe("requests sent one behind the other without waiting", () => {
  const good = () => `GET /v1/account HTTP/1.1\r\nHost: x\r\n${bearer()}\r\n`;

  it("are answered in their order, and garbage behind them gets its 400 after their answers", async () => {
    const answers = await allAnswers(`${good()}${good()}${good()}GARBAGE\r\n\r\n`);
    expect(statuses(answers)).toEqual([200, 200, 200, 400]);
    const [whole, ...rest] = answers
      .split("\r\n\r\n")
      .slice(1)
      .map((part) => part.split("HTTP/1.1 ")[0]!);
    expect(JSON.parse(whole!)).toMatchObject({ name: "test" });
    expect(JSON.parse(rest.at(-1)!)).toMatchObject({ statusCode: 400 });
  });

  it("get no 400 into the middle of a streamed answer", async () => {
    const stream = `GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n${bearer()}\r\n`;
    const socket = connect(server.port, "127.0.0.1", () => socket.write(`${stream}GARBAGE\r\n\r\n`));
    let all = "";
    socket.on("data", (data) => (all += String(data)));
    await expect.poll(() => all).toMatch(/^HTTP\/1\.1 200 /);
    await sleep(300);
    socket.destroy();
    expect(statuses(all)).toEqual([200]);
  });

  it("have their broken body answered once, and nothing behind it", async () => {
    const answers = await allAnswers(
      `POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"\r\nzz\r\n${good()}`,
    );
    expect(statuses(answers)).toEqual([400]);
  });

  it("harm nobody when their caller resets the connection in the middle of an answer", async () => {
    for (let at = 0; at < 50; at++) {
      const socket = connect(server.port, "127.0.0.1", () => socket.write(good().repeat(5)));
      socket.on("error", () => {});
      await new Promise<void>((resolve) => {
        socket.once("data", () => {
          socket.resetAndDestroy();
          resolve();
        });
      });
    }
    await isThere();
  });
});

describe("what is no request gets the documented error body", () => {
  const login = "POST /login HTTP/1.1\r\nHost: x\r\n";
  it.each<[string, string, number]>([
    ["a line that is not HTTP", "GARBAGE\r\n\r\n", 400],
    ["a broken header", "GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", 400],
    ["a tunnel", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 405],
    ["a target of another scheme", "GET HTTP://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400],
    ["no Host", "GET /healthz HTTP/1.1\r\n\r\n", 400],
    ["a Host that is none", "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
    ["two lengths", `${login}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
    [
      "a length beside chunks",
      `${login}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ["a broken chunk", `${login}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
    ["an unknown expectation", `${login}Expect: a-miracle\r\nContent-Length: 2\r\n\r\n{}`, 417],
    ["headers without end", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(100_000)}\r\n\r\n`, 431],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["the greeting of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
  ])("%s", async (_, bytes, status) => {
    expectProblem(await raw(server.port, [bytes]), status);
    await isThere();
  });
});

describe("a refusal reaches a caller that says `Connection: close` and is still sending", () => {
  const big = Buffer.alloc(12_000_000, 65);
  it.each<[string, string, number]>([
    [
      "POST /innovation-service/identity",
      "Authorization: Bearer stale\r\nContent-Type: multipart/form-data; boundary=b\r\n",
      401,
    ],
    ["POST /nowhere", "", 404],
    ["POST /healthz", "", 405],
    ["POST /login", "Content-Type: application/json\r\n", 413],
    ["POST /v1/uploads", "text", 415],
  ])("%s", async (line, headers, status) => {
    const token = headers === "text" ? `${bearer()}Content-Type: text/plain\r\n` : headers;
    for (const close of ["Connection: close\r\n", ""]) {
      const answer = await raw(server.port, [
        `${line} HTTP/1.1\r\nHost: x\r\n${close}${token}Content-Length: ${big.length}\r\n\r\n`,
        big,
      ]);
      expectProblem(answer, status);
    }
  });

  it("and one that never stops is let go", async () => {
    const chunk = "1000\r\n" + "A".repeat(4096) + "\r\n";
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.resume();
    socket.write(
      "POST /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const timer = setInterval(() => socket.writable && socket.write(chunk), 100);
    await closed;
    clearInterval(timer);
    await isThere();
  });
});

describe("a body that does not come", () => {
  const json = "Content-Type: application/json\r\n";
  const form = "Content-Type: multipart/form-data; boundary=b\r\n";
  it.each<[string, string]>([
    ["POST /login", `${json}Content-Length: 5000\r\n`],
    ["POST /login", `${json}Transfer-Encoding: chunked\r\n`],
    ["POST /token", `${json}Content-Length: 5000\r\n`],
    ["POST /innovation-service/identity", `${form}Content-Length: 5000\r\n`],
    ["PUT /innovation-service/identity", `${form}Transfer-Encoding: chunked\r\n`],
    ["POST /v1/uploads", "Content-Type: image/jpeg\r\nContent-Length: 5000\r\n"],
  ])("ends in 408: %s", async (line, headers) => {
    const head = `${line} HTTP/1.1\r\nHost: x\r\n${bearer()}${headers}\r\n`;
    expectProblem(await raw(server.port, [head]), 408);
    // A byte at a time is no better than none; where it shows what it is not, it is refused for that.
    const chunked = headers.includes("chunked");
    expect(await drip(head, chunked ? "1\r\n \r\n" : " ", 200)).toMatch(/^HTTP\/1\.1 4(08|00|15) /);
  });

  it("that is slow, but not that slow, is received whole", async () => {
    const { token } = server;
    const bytes = await photo("franck_01829.jpg");
    const slow = new ReadableStream({
      async pull(controller) {
        for (let at = 0; at < 4; at++) {
          await sleep(400);
          controller.enqueue(bytes.subarray((at * bytes.length) / 4, ((at + 1) * bytes.length) / 4));
        }
        controller.close();
      },
    });
    const { status } = await server.call("POST", "/v1/uploads", {
      token,
      body: slow,
      headers: { "content-type": "image/jpeg" },
    });
    expect(status).toBe(201);
  });

  it("may be as long as its slowest legal sender needs", () => {
    // 2 GB at a rate a hundred times the least are under three hours; a rate below the least ends soon after the idle time.
    expect(defaultLimits.uploadBytes / (defaultLimits.bodyRate * 100) / 3600).toBeLessThan(6);
  });
});

describe("`Expect: 100-continue`", () => {
  const upload = (token: string) =>
    `POST /v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nExpect: 100-continue\r\nContent-Type: image/jpeg\r\nContent-Length: 100000\r\n\r\n`;
  const firstLine = (head: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(server.port, "127.0.0.1", () => socket.write(head));
      socket.once("data", (data) => {
        resolve(String(data).split("\r\n")[0]!);
        socket.destroy();
      });
    });

  it("is answered before anything is sent: 401 for a bad token, 100 for a good one", async () => {
    expect(await firstLine(upload("stale"))).toBe("HTTP/1.1 401 Unauthorized");
    expect(await firstLine(upload(server.token))).toBe("HTTP/1.1 100 Continue");
  });

  it("is not asked for what the length shows to be too large", async () => {
    expect(await firstLine(upload(server.token).replace("100000", "3000000000"))).toBe(
      "HTTP/1.1 413 Payload Too Large",
    );
  });
});

describe("a form", () => {
  it("of files that nobody asked for is not received without end", async () => {
    const part = `--b\r\nContent-Disposition: form-data; name="video"; filename="v.mp4"\r\n\r\n`;
    const answer = await raw(server.port, [
      `POST /innovation-service/identity HTTP/1.1\r\nHost: x\r\n${bearer()}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000000\r\n\r\n${part}`,
      Buffer.alloc(12_000_000, 65),
    ]);
    expectProblem(answer, 413);
  });
});

describe("every answer", () => {
  it("is no cache's to keep, and nothing else than it says", async () => {
    const answers = [
      await server.login(),
      await server.call("GET", "/v1/account"),
      await server.call("GET", "/v1/identities"),
      await server.call("GET", "/v1/identities/nobody"),
      await server.call("GET", "/v1/account", { token: "stale" }),
      await server.call("GET", "/nowhere"),
    ];
    for (const { headers } of answers)
      expect([headers.get("cache-control"), headers.get("x-content-type-options")]).toEqual([
        "no-store",
        "nosniff",
      ]);
  });
});
