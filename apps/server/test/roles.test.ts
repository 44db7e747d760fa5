import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { credentials, startS3, type S3Server } from "../../../tools/s3.ts";
import { query } from "../../../packages/service/test/postgres/database.ts";
import { form, FRANCK, login, photo, type Api } from "./api.ts";
import { begin, run, startServer, temporaryDirectory, type RunningServer } from "./command.ts";
import { cluster, follow, madeAccount, noPostgres, type Cluster } from "./nodes.ts";

const IDENTITY = "/innovation-service/identity";
const ENROLMENTS = 40;

async function enrol(api: Api, name = FRANCK[0]!): Promise<string> {
  const { status, body } = await api.call(
    "POST",
    IDENTITY,
    form({ field: "input_images", blobs: [await photo(name)] }),
  );
  if (status !== 200) throw new Error(`an enrolment was answered ${status}`);
  return body.job_id;
}

describe.skipIf(noPostgres !== undefined)(`nodes by role${noPostgres ? `: ${noPostgres}` : ""}`, () => {
  let s3: S3Server;
  let nodes: Cluster;
  let apis: RunningServer[];
  let workers: RunningServer[];
  let account: { clientId: string; secretId: string };
  beforeAll(async () => {
    s3 = await startS3();
    const { env } = s3;
    nodes = await cluster({ blobs: `s3://${credentials.bucket}/in-flight` });
    // All at once, on an empty database.
    const all = await Promise.all(
      (["api", "api", "worker", "worker"] as const).map((role) => nodes.node(role, [], { env })),
    );
    apis = all.slice(0, 2);
    workers = all.slice(2);
    account = madeAccount(all);
  });
  afterAll(async () => {
    await Promise.all([...apis, ...workers].map((node) => node.stop()));
    await s3.close();
  });

  it("make one first account, which all of them know", async () => {
    for (const api of apis) await login(api.url, account);
    const { stdout } = await run(["accounts", "list", "--json", "--database-url", nodes.database.url]);
    expect(JSON.parse(stdout).accounts).toMatchObject([{ clientId: account.clientId, name: "First" }]);
  });

  it("do on a worker what one api node took, and tell it by the other one's events", async () => {
    const [one, two] = await Promise.all(apis.map((api) => login(api.url, account)));
    const { told } = await follow(apis[1]!.url, two!.token);
    const jobId = await enrol(one!);
    await vi.waitFor(
      () => expect(told.map(({ status }) => status)).toEqual(["Sent", "Started", "Succeeded"]),
      120_000,
    );
    expect(told.every(({ job_id }) => job_id === jobId)).toBe(true);
    const { identity_id } = await two!.end(IDENTITY, jobId);
    const search = await two!.call(
      "POST",
      `${IDENTITY}/search`,
      form({ field: "input_image", blobs: [await photo(FRANCK[1]!)] }),
    );
    expect((await one!.end(`${IDENTITY}/search`, search.body.job_id)).results[0].identity_id).toBe(
      identity_id,
    );
    // The images are gone from the object storage, too.
    await vi.waitFor(
      async () => expect((await s3.look()).keys).toEqual(["in-flight/prosopon-place"]),
      120_000,
    );
  });

  it("say which role they have, and that they are ready; a worker answers nothing else", async () => {
    for (const node of [...apis, ...workers]) {
      const answer = await fetch(`${node.url}/readyz`);
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { status: "ready", role: apis.includes(node) ? "api" : "worker" },
      ]);
      expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
    }
    for (const path of ["/", "/graphql", "/login", "/openapi.json", "/demo-account.json", "/v1/server"]) {
      const answer = await fetch(workers[0]!.url + path, { method: path === "/login" ? "POST" : "GET" });
      const { message } = (await answer.json()) as { message: string };
      expect([path, answer.status, message]).toEqual([path, 404, expect.stringContaining("is a worker")]);
    }
    const socket = new WebSocket(`${workers[0]!.url.replace("http", "ws")}/v1/events`);
    await new Promise((resolve) => socket.addEventListener("error", resolve));
  });

  const noMaps =
    process.platform === "linux" ? undefined : "only Linux tells which files a process has loaded";
  it.skipIf(noMaps !== undefined)(
    `load the models where they work, and not where they answer${noMaps ? `: ${noMaps}` : ""}`,
    async () => {
      const api = await login(apis[0]!.url, account);
      const { models, limits } = (await api.call("GET", "/v1/server")).body;
      expect(models).toHaveLength(3);
      expect(limits.image_pixels).toBe(250_000_000);
      const maps = (node: RunningServer) => readFile(`/proc/${node.pid}/maps`, "utf8");
      for (const node of apis) expect(await maps(node)).not.toMatch(/onnxruntime/);
      for (const node of workers) expect(await maps(node)).toMatch(/onnxruntime/);
    },
  );

  it("serve on for --drain-seconds while /readyz says 503; a stream goes on at another node where it ended", async () => {
    const leaving = await nodes.node("api", ["--drain-seconds", "2"], { env: s3.env });
    const api = await login(leaving.url, account);
    const first = await follow(leaving.url, api.token);
    const before = await enrol(api);
    await vi.waitFor(() => expect(first.told.at(-1)?.status).toBe("Succeeded"), 120_000);
    const begun = performance.now();
    leaving.kill("SIGTERM");
    const states = new Set<number>();
    let served = 0;
    while (!states.has(503)) states.add((await fetch(`${leaving.url}/readyz`)).status);
    const answer = (await (await fetch(`${leaving.url}/readyz`)).json()) as { message: string };
    expect(answer.message).toBe("role api: the node is going away");
    const meanwhile = await enrol(api);
    while (performance.now() - begun < 1_500) {
      expect((await api.call("GET", "/v1/account")).status).toBe(200);
      served += 1;
      await sleep(50);
    }
    expect(served).toBeGreaterThan(3);
    // The stream is ended, not broken: its reader has a cursor to go on with.
    await first.ended;
    expect((await leaving.ended).code).toBe(0);
    expect(performance.now() - begun).toBeGreaterThan(2_000);

    const second = await follow(apis[0]!.url, api.token, first.told.at(-1)!.cursor);
    const after = await enrol(await login(apis[1]!.url, account));
    await vi.waitFor(
      () =>
        expect(
          second.told.find(({ job_id, status }) => job_id === after && status === "Succeeded"),
        ).toBeTruthy(),
      120_000,
    );
    const all = [...first.told, ...second.told].map(({ job_id, status }) => `${job_id} ${status}`);
    expect(all).toEqual([...new Set(all)]);
    for (const job of [before, meanwhile, after])
      expect(all.filter((line) => line.startsWith(job))).toEqual(
        ["Sent", "Started", "Succeeded"].map((status) => `${job} ${status}`),
      );
  });

  it("are replaced one after the other under a stream of jobs: nothing is lost, nothing done twice, no try counted", async () => {
    const { env } = s3;
    const tags: string[] = [];
    const jobs: string[] = [];
    let current = [...apis];
    const blob = await photo(FRANCK[2]!);
    const replaced = new AbortController();
    const sender = async (index: number) => {
      const { token } = await login(apis[index]!.url, account);
      while (!replaced.signal.aborted || tags.length < ENROLMENTS) {
        const tag = randomUUID();
        tags.push(tag);
        const body = form({ field: "input_images", blobs: [blob] }, { external_id: tag });
        const answer = await fetch(`${current[index]!.url}/v1/identities`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}` },
          body,
        });
        expect(answer.status).toBeLessThan(300);
        jobs.push(((await answer.json()) as { job_id: string }).job_id);
        await sleep(100);
      }
    };
    const replace = async (list: RunningServer[], index: number, role: "api" | "worker") => {
      const old = list[index]!;
      const next = await nodes.node(role, [], { env });
      list[index] = next;
      if (role === "api") current = [...apis];
      // As a balancer does: what was sent to the old node is answered before it goes.
      await sleep(300);
      const { code, stderr } = await old.stop();
      expect(code).toBe(0);
      expect(stderr).not.toContain('"level":50');
    };
    const senders = Promise.all([sender(0), sender(1)]);
    await sleep(300);
    await replace(workers, 0, "worker");
    await replace(apis, 0, "api");
    await replace(workers, 1, "worker");
    await replace(apis, 1, "api");
    replaced.abort();
    await senders;

    const api = await login(apis[0]!.url, account);
    expect(jobs).toHaveLength(tags.length);
    for (const job of jobs) expect((await api.end(IDENTITY, job)).status).toBe("Succeeded");
    const people = await query<{ external_id: string }>(
      nodes.database.url,
      "SELECT external_id FROM identities WHERE external_id = ANY ($1)",
      [tags],
    );
    expect(people.map((row) => row.external_id).toSorted()).toEqual(tags.toSorted());
    const tries = await query(
      nodes.database.url,
      "SELECT attempts, count(*)::int FROM jobs WHERE id = ANY ($1) GROUP BY 1",
      [jobs],
    );
    expect(tries).toEqual([{ attempts: 1, count: jobs.length }]);
  });

  it("work by the database's clock, however wrong their own", async () => {
    const directory = await temporaryDirectory();
    const skewed = async (minutes: number) => {
      const file = join(directory, `clock-${minutes}.mjs`);
      await writeFile(file, `const now = Date.now; Date.now = () => now() + ${minutes} * 60_000;\n`);
      return nodes.node("worker", [], { env: { ...s3.env, NODE_OPTIONS: `--import=${file}` } });
    };
    const [behind, ahead] = [await skewed(-10), await skewed(10)];
    await Promise.all(workers.splice(0).map((node) => node.stop()));
    workers.push(behind, ahead);
    const api = await login(apis[0]!.url, account);
    const begun = performance.now();
    const jobs = await Promise.all(FRANCK.flatMap((name) => [enrol(api, name), enrol(api, name)]));
    for (const job of jobs) expect((await api.end(IDENTITY, job)).status).toBe("Succeeded");
    // Far less than the clocks are off.
    expect(performance.now() - begun).toBeLessThan(300_000);
    const times = await query<{ attempts: number; took: string }>(
      nodes.database.url,
      "SELECT attempts, finished_at - created_at AS took FROM jobs WHERE id = ANY ($1)",
      [jobs],
    );
    for (const { attempts, took } of times) {
      expect(attempts).toBe(1);
      expect(Number(took)).toBeGreaterThanOrEqual(0);
      expect(Number(took)).toBeLessThan(300_000);
    }
    for (const { outcome } of [behind, ahead])
      expect(outcome.stderr).toContain("this machine's clock is not the database's");
  });
});

describe.skipIf(noPostgres !== undefined)(`accounts of nodes${noPostgres ? `: ${noPostgres}` : ""}`, () => {
  it("are the same demo account on every node, made once", async () => {
    const nodes = await cluster();
    const both = await Promise.all([nodes.node("api", ["--demo"]), nodes.node("api", ["--demo"])]);
    const made = madeAccount(both);
    const offered = await Promise.all(
      both.map(async ({ url, demoUrl = "" }) => {
        const headers = { "x-demo-code": new URL(demoUrl).hash.replace("#demo=", "") };
        return (await fetch(`${url}/demo-account.json`, { headers })).json();
      }),
    );
    expect(offered).toEqual([made, made]);
    for (const { url } of both) await login(url, made);
    await Promise.all(both.map((node) => node.stop()));
  });

  it("have the credentials given to every node, made once", async () => {
    const nodes = await cluster();
    const env = { PROSOPON_CLIENT_ID: "door", PROSOPON_SECRET_ID: "open" };
    const both = await Promise.all([nodes.node("api", [], { env }), nodes.node("api", [], { env })]);
    // One of them says that it made it, and none shows the secret.
    expect(both.flatMap(({ clientId = [] }) => clientId)).toEqual(["door"]);
    for (const { outcome } of both) expect(outcome.stdout + outcome.stderr).not.toContain("open");
    for (const { url } of both) await login(url, { clientId: "door", secretId: "open" });
    await Promise.all(both.map((node) => node.stop()));
  });

  it("are managed in the database beside the nodes", async () => {
    const nodes = await cluster();
    const api = await nodes.node("api");
    const accounts = async (...args: string[]) => {
      const outcome = await run(["accounts", ...args, "--json"], {
        env: { PROSOPON_DATABASE_URL: nodes.database.url },
      });
      expect(outcome).toMatchObject({ code: 0, stderr: "" });
      return JSON.parse(outcome.stdout);
    };
    const made = await accounts("create", "Front desk");
    const session = await login(api.url, made);
    await login(api.url, await accounts("rotate", made.clientId));
    expect((await session.call("GET", "/v1/account")).status).toBe(401);
    await api.stop();
  });
});

describe.skipIf(noPostgres !== undefined)(
  `a node whose database falls silent${noPostgres ? `: ${noPostgres}` : ""}`,
  () => {
    it.each(["api", "worker"])(
      "says so, as %s, and still ends before a supervisor would kill it",
      async (role) => {
        const nodes = await cluster();
        const cable = await layCable(nodes.database.url);
        const [, , ...blobs] = nodes.args;
        const node = await startServer(await temporaryDirectory(), [
          "--role",
          role,
          "--database-url",
          cable.url,
          ...blobs,
        ]);
        cable.cut();
        const answer = await fetch(`${node.url}/readyz`);
        const { message } = (await answer.json()) as { message: string };
        expect([answer.status, message]).toEqual([503, `role ${role}: the database does not answer`]);
        expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
        const begun = performance.now();
        await node.stop();
        expect(performance.now() - begun).toBeLessThan(10_000);
        await cable.close();
      },
    );
  },
);

/** Another way to the same database, over which suddenly nothing comes any more. */
async function layCable(url: string): Promise<{ url: string; cut(): void; close(): Promise<void> }> {
  const target = new URL(url);
  let silent = false;
  const sockets = new Set<Socket>();
  const carry = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on("data", (bytes) => silent || to.write(bytes));
    from.on("error", () => {}).on("close", () => to.destroy());
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    carry(near, far);
    carry(far, near);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const through = new URL(url);
  through.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: through.href,
    cut: () => void (silent = true),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

describe("serve --role, asked wrongly", () => {
  const url = "postgres://me:hunter2@127.0.0.1:1/faces";
  const s3 = { PROSOPON_S3_ACCESS_KEY_ID: "id", PROSOPON_S3_SECRET_ACCESS_KEY: "hunter2" };
  const wrong: [what: string, args: string[], env: Record<string, string>, code: number, says: string][] = [
    ["an unknown role", ["--role", "boss"], {}, 2, "one of api, worker, all"],
    ["a role without a database", ["--role", "api"], {}, 2, "a single process has no roles"],
    [
      "a role without a place for images",
      ["--role", "worker", "--database-url", url],
      {},
      2,
      "needs --blobs",
    ],
    ["a direct way without a way", ["--database-direct-url", url], {}, 2, "give --database-url"],
    [
      "an address of another database",
      [],
      { PROSOPON_DATABASE_URL: "mysql://me:hunter2@x/y" },
      2,
      "such as postgres://",
    ],
    ["images in another cloud", ["--database-url", url, "--blobs", "gs://faces"], {}, 2, "s3://bucket"],
    [
      "object storage without credentials",
      ["--database-url", url, "--blobs", "s3://faces"],
      {},
      2,
      "PROSOPON_S3_SECRET_ACCESS_KEY",
    ],
    [
      "object storage at no address",
      ["--database-url", url, "--blobs", "s3://faces"],
      { ...s3, PROSOPON_S3_ENDPOINT: "nas" },
      2,
      "PROSOPON_S3_ENDPOINT",
    ],
    [
      "temporary credentials without their token",
      ["--blobs", "s3://faces"],
      { ...s3, PROSOPON_S3_ACCESS_KEY_ID: "ASIAEXAMPLE" },
      2,
      "set PROSOPON_S3_SESSION_TOKEN too",
    ],
  ];
  it.each(wrong)("says what to do, and no password: %s", async (_what, args, env, code, says) => {
    const data = await temporaryDirectory();
    const outcome = await run(["serve", "--port", "0", "--data", data, ...args], { env });
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toContain(says);
    expect(outcome.stderr).not.toContain("hunter2");
  });

  it("waits for an object storage that does not answer, and says so without a secret", async () => {
    const args = ["serve", "--port", "0", "--data", await temporaryDirectory(), "--blobs", "s3://faces"];
    const env = { ...s3, PROSOPON_S3_ENDPOINT: "http://127.0.0.1:1" };
    const { child, outcome, ended } = begin(args, { env });
    await expect.poll(() => outcome.stderr).toContain("The object storage does not answer");
    await expect.poll(() => outcome.stderr).toContain("the server goes on as soon as that has passed");
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 0, stdout: "" });
    expect(outcome.stderr).not.toContain("hunter2");
  });
});
