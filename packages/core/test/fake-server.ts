/**
 * A small server that keeps the protocol and breaks it on demand: for time and faults only.
 * What a right server does is tested against the real service (service.test.ts).
 */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export interface Seen {
  method: string;
  /** Path and query. */
  path: string;
  authorization: string | undefined;
  body: string;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** Sent as JSON unless it is a string. */
  body?: unknown;
}

/** What to do with a request instead: answer so, cut the connection, answer half, or say nothing. */
export type Fault = Reply | "drop" | "cut" | "hang" | undefined;

export interface FakeJob {
  kind: "enrol" | "add-images" | "search" | "recognize";
  status: string;
  extra?: Record<string, unknown>;
}

export interface FakeOptions {
  /** Only `/login`, `/token`, `/logout` and `/innovation-service/*`: as a hosted server. */
  documentedOnly?: boolean;
  /** Default both. */
  events?: "none" | "sse-only";
}

export async function startFake(options: FakeOptions = {}) {
  const seen: Seen[] = [];
  const jobs = new Map<string, FakeJob>();
  const access = new Set<string>();
  const refresh = new Set<string>();
  const sockets = new Set<WebSocket>();
  const streams = new Set<ServerResponse>();
  const waiting = new Set<() => void>();
  let issued = 0;
  let cursor = 0;
  let fault: (request: Seen) => Fault = () => undefined;
  let open = 0;
  let socketsEver = 0;

  const issue = (): Reply => {
    const n = ++issued;
    access.add(`access-${n}`);
    refresh.add(`refresh-${n}`);
    return { status: 200, body: { token: `access-${n}`, expireTime: 3600, refreshToken: `refresh-${n}` } };
  };

  const authRoute = (path: string, request: Seen): Reply | undefined => {
    if (!["/login", "/token", "/logout"].includes(path)) return undefined;
    const body = request.body ? (JSON.parse(request.body) as Record<string, string>) : {};
    if (path === "/login")
      return body["clientId"] === "client" && body["secretId"] === "secret"
        ? issue()
        : problem(401, "wrong credentials");
    if (path === "/token") {
      if (!request.authorization) return problem(401, "the access token goes in the header, even expired");
      return refresh.delete(body["refreshToken"] ?? "")
        ? issue()
        : problem(401, "the refresh token is spent");
    }
    access.clear();
    refresh.clear();
    return { status: 204 };
  };

  const startJob = (kind: FakeJob["kind"]): Reply => {
    const id = `job-${jobs.size + 1}`;
    jobs.set(id, { kind, status: "Sent" });
    return { status: 200, body: { job_id: id } };
  };

  const route = async (request: Seen): Promise<Reply | "sse"> => {
    const url = new URL(request.path, "http://fake");
    const auth = authRoute(url.pathname, request);
    if (auth) return auth;
    if (!access.has(request.authorization?.replace("Bearer ", "") ?? ""))
      return problem(401, "the token is not valid");
    const kinds: Record<string, FakeJob["kind"][]> = {
      "/innovation-service/identity": ["enrol", "add-images"],
      "/innovation-service/identity/search": ["search"],
      "/innovation-service/identity/recognize": ["recognize"],
    };
    const routeKinds = kinds[url.pathname];
    if (routeKinds) {
      if (request.method === "POST") return startJob(routeKinds[0]!);
      if (request.method === "PUT") return startJob("add-images");
      if (request.method === "DELETE") return { status: 204 };
      const job = jobs.get(url.searchParams.get("job_id") ?? "");
      return {
        status: 200,
        body:
          job && routeKinds.includes(job.kind)
            ? { status: job.status, ...job.extra }
            : { status: "Unknown Job" },
      };
    }
    if (options.documentedOnly) return problem(404, "no such route");
    if (url.pathname === "/v1/server") return { status: 200, body: serverInfo(options.events !== "none") };
    if (url.pathname === "/v1/events")
      return options.events === "none" ? problem(404, "no such route") : "sse";
    if (request.method === "POST" && url.pathname === "/v1/search") return startJob("search");
    const id = /^\/v1\/jobs\/(.+)$/.exec(url.pathname)?.[1];
    if (!id) return problem(404, "no such route");
    if (!jobs.has(id)) return problem(404, `no job has the id ${id}`);
    const waitS = Number(url.searchParams.get("wait") ?? 0);
    if (waitS > 0 && !isEnd(jobs.get(id)!.status)) await hold(waitS);
    const { kind, status, extra } = jobs.get(id)!;
    return {
      status: 200,
      body: { job_id: id, kind, status, created_at: "2026-01-01T00:00:00Z", attempts: 1, ...extra },
    };
  };

  const hold = (seconds: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, seconds * 1000);
      waiting.add(done);
    });

  const event = (id: string, status: string): string =>
    JSON.stringify({ job_id: id, taskId: id, status, cursor: String(++cursor) });

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request: Seen = {
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      authorization: incoming.headers.authorization,
      body: Buffer.concat(chunks).toString("latin1"),
    };
    seen.push(request);
    open++;
    response.on("close", () => open--);
    const broken = fault(request);
    if (broken === "hang") return;
    if (broken === "drop") return void incoming.socket.destroy();
    if (broken === "cut") {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"half":', () => incoming.socket.destroy());
      return;
    }
    const reply = broken ?? (await route(request));
    if (reply === "sse") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": hello\n\n");
      streams.add(response);
      response.on("close", () => streams.delete(response));
      for (const [id, { status }] of incoming.url?.includes("cursor=") ? [] : jobs)
        if (!isEnd(status)) response.write(`data: ${event(id, status)}\n\n`);
      return;
    }
    const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body ?? null);
    response.writeHead(reply.status, {
      "content-type": "application/json",
      "x-request-id": "request-1",
      ...reply.headers,
    });
    response.end(reply.status === 204 ? undefined : text);
  };

  const server = createServer(
    (incoming, response) => void handle(incoming, response).catch(() => response.destroy()),
  );
  const webSockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (incoming, socket, head) => {
    const request: Seen = {
      method: "UPGRADE",
      path: incoming.url ?? "",
      authorization: incoming.headers.authorization,
      body: "",
    };
    seen.push(request);
    const broken = fault(request);
    if (broken === "hang") return;
    if (broken || options.events || options.documentedOnly) return void socket.destroy();
    webSockets.handleUpgrade(incoming, socket, head, (peer) => {
      socketsEver++;
      sockets.add(peer);
      peer.on("close", () => sockets.delete(peer));
      peer.once("message", (data) => {
        const { token, cursor: from } = JSON.parse(String(data)) as { token: string; cursor?: string };
        seen.push({
          method: "SOCKET",
          path: incoming.url ?? "",
          authorization: `Bearer ${token}`,
          body: String(data),
        });
        if (!access.has(token)) return peer.close(4401);
        if (from !== undefined && Number(from) < 0) return peer.close(4410);
        if (from === undefined)
          for (const [id, { status }] of jobs) if (!isEnd(status)) peer.send(event(id, status));
      });
    });
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    jobs,
    /** Requests that have not been answered. */
    openRequests: () => open,
    openSockets: () => sockets.size,
    openStreams: () => streams.size,
    socketsEver: () => socketsEver,
    count: (method: string, path: string) =>
      seen.filter((one) => one.method === method && one.path.split("?")[0] === path).length,
    breakWith(next: (request: Seen) => Fault) {
      fault = next;
    },
    repair() {
      fault = () => undefined;
    },
    addJob(kind: FakeJob["kind"], status = "Sent"): { id: string; kind: FakeJob["kind"] } {
      const id = `job-${jobs.size + 1}`;
      jobs.set(id, { kind, status });
      return { id, kind };
    },
    set(id: string, status: string, extra?: Record<string, unknown>) {
      jobs.set(id, { kind: jobs.get(id)!.kind, status, ...(extra && { extra }) });
      const text = event(id, status);
      for (const peer of sockets) peer.send(text);
      for (const stream of streams) stream.write(`data: ${text}\n\n`);
      if (isEnd(status)) waiting.forEach((wake) => wake());
    },
    dropSockets() {
      for (const peer of sockets) peer.terminate();
      for (const stream of streams) stream.destroy();
    },
    closeSockets(code: number) {
      for (const peer of sockets) peer.close(code);
    },
    sendRaw(text: string) {
      for (const peer of sockets) peer.send(text);
    },
    expireAccess: () => access.clear(),
    endSession() {
      access.clear();
      refresh.clear();
    },
    async [Symbol.asyncDispose]() {
      for (const peer of sockets) peer.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type Fake = Awaited<ReturnType<typeof startFake>>;

const isEnd = (status: string): boolean => ["Succeeded", "Failed", "Revoked"].includes(status);

export const problem = (statusCode: number, message: string, headers?: Record<string, string>): Reply => ({
  status: statusCode,
  body: { statusCode, error: "Some Reason", message },
  ...(headers && { headers }),
});

const serverInfo = (events: boolean) => ({
  name: "prosopon",
  version: "1.0.0",
  models: [],
  thresholds: { recognized: 0.95, listed: 0.85 },
  calibration: [],
  capabilities: events ? ["v1", "events", "wait"] : ["v1", "wait"],
  limits: { upload_bytes: 1, image_pixels: 1, images_per_job: 5 },
});
