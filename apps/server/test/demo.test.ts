import { mkdir, stat } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { login } from "./api.ts";
import { begin, run, startServer, temporaryDirectory, type RunningServer } from "./command.ts";

const codeOf = ({ demoUrl = "" }: RunningServer): string => new URL(demoUrl).hash.replace("#demo=", "");

/** As any program would ask, with headers that `fetch` would not let it choose. */
async function ask(
  { url }: { url: string },
  headers: Record<string, string>,
  { method = "GET", path = "/demo-account.json" } = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(`${url}${path}`, { method, headers }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode!, body }), reject);
    })
      .on("error", reject)
      .end();
  });
}

describe("serve --demo", () => {
  it("offers the demo account to whoever opened the link that it printed, asked for directly on this machine", async () => {
    const data = await temporaryDirectory();
    const server = await startServer(data, ["--demo"]);
    const { port } = new URL(server.url);
    const code = codeOf(server);
    expect(server.demoUrl).toBe(`${server.url}/#demo=${code}`);
    expect(code).toMatch(/^[\w-]{24}$/);
    // Its secret is kept with the data, for the owner alone.
    expect((await stat(join(data, "prosopon.db"))).mode & 0o777).toBe(0o600);

    const good = { "x-demo-code": code };
    const offered = await ask(server, good);
    expect(JSON.parse(offered.body)).toEqual({ clientId: server.clientId, secretId: server.secretId });
    const accepted: Record<string, string>[] = [
      { host: `localhost:${port}` },
      { host: `[::1]:${port}` },
      { origin: server.url },
      { "sec-fetch-site": "same-origin" },
      { "sec-fetch-site": "none" },
    ];
    for (const headers of accepted)
      expect(await ask(server, { ...good, ...headers })).toMatchObject({ status: 200 });

    const indirect: Record<string, string>[] = [
      { host: "evil.example" },
      { host: `evil.example:${port}` },
      { host: `localhost.evil.example:${port}` },
      { host: "localhost" },
      { host: `localhost:${Number(port) + 1}` },
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: `http://localhost:${port}` },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "x-forwarded-for": "203.0.113.9" },
      { "X-Forwarded-Host": "faces.example" },
      { "x-forwarded-proto": "https" },
      { "x-forwarded": "1" },
      { forwarded: "for=203.0.113.9" },
      { via: "1.1 proxy" },
      { "x-real-ip": "203.0.113.9" },
      { "x-client-ip": "203.0.113.9" },
      { "cf-connecting-ip": "203.0.113.9" },
      { "true-client-ip": "203.0.113.9" },
      { "x-original-host": "faces.example" },
    ];
    const refused: Record<string, string>[] = [
      // nginx with a plain proxy_pass: the Host is the server's own, and nothing says that there is a proxy.
      { host: `127.0.0.1:${port}`, connection: "close" },
      { "x-demo-code": "" },
      { "x-demo-code": "wrong" },
      { "x-demo-code": `${code}x` },
      { "x-demo-code": code.slice(0, -1) },
      ...indirect.map((headers) => ({ ...good, ...headers })),
    ];
    for (const headers of refused) {
      const { status, body } = await ask(server, headers);
      expect({ headers, status }).toEqual({ headers, status: 404 });
      expect(body).not.toContain(server.secretId);
    }
    expect((await ask(server, good, { method: "POST" })).status).toBe(404);
    // The code in the address would be in logs: there it opens nothing.
    expect((await ask(server, {}, { path: `/demo-account.json?demo=${code}` })).status).toBe(404);

    const session = await login(server.url, { clientId: server.clientId!, secretId: server.secretId! });
    expect((await session.call("GET", "/v1/collections/default")).body.settings.keep_crops).toBe(true);
    const { stderr } = await server.stop();
    expect(stderr).not.toContain(code);
    expect(stderr).not.toContain(server.secretId);
  });

  it("gives another link with every start, and none where others could reach the server", async () => {
    const data = await temporaryDirectory();
    const first = await startServer(data, ["--demo"]);
    await first.stop();
    const second = await startServer(data, ["--demo"]);
    expect(codeOf(second)).not.toBe(codeOf(first));
    expect((await ask(second, { "x-demo-code": codeOf(first) })).status).toBe(404);
    await second.stop();

    const plain = await startServer(data);
    expect(plain.demoUrl).toBeUndefined();
    expect((await ask(plain, { "x-demo-code": codeOf(second) })).status).toBe(404);
    await plain.stop();
    const wide = await startServer(data, ["--demo", "--host", "0.0.0.0"]);
    expect(wide.demoUrl).toBeUndefined();
    expect((await ask(wide, { "x-demo-code": codeOf(second) })).status).toBe(404);
    await wide.stop();
  });

  it("prints the link for a person to open", async () => {
    const { child, outcome, ended } = begin([
      "serve",
      "--demo",
      "--port",
      "0",
      "--data",
      await temporaryDirectory(),
    ]);
    while (!outcome.stdout.includes("#demo=")) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(outcome.stdout).toMatch(/one click:\n {2}http:\/\/127\.0\.0\.1:\d+\/#demo=[\w-]+\n/);
    child.kill("SIGTERM");
    await ended;
  });
});

describe("a secret that the operator configured", () => {
  const secret = "correct-horse-battery-staple";
  const env = { PROSOPON_CLIENT_ID: "door", PROSOPON_SECRET_ID: secret };

  it.each(["--json", "--log-level=trace"])(
    "is neither printed nor logged nor offered, with a demo account beside it %s",
    async (option) => {
      const data = await temporaryDirectory();
      for (const start of ["first", "again"]) {
        const { child, outcome, ended } = begin(["serve", "--demo", "--port", "0", "--data", data, option], {
          env,
        });
        while (!outcome.stdout.includes("#demo=")) await new Promise((resolve) => setTimeout(resolve, 50));
        const link = new URL(/http:\/\/[\w.:]+\/#demo=[\w-]+/.exec(outcome.stdout)![0]);
        const url = link.origin;
        const code = link.hash.replace("#demo=", "");
        const { clientId, secretId } = JSON.parse((await ask({ url }, { "x-demo-code": code })).body);
        expect(clientId).not.toBe("door");
        expect(secretId).not.toBe(secret);
        for (const path of ["/", "/demo-account.json", "/openapi.json", "/v1/server", "/readyz"])
          expect((await ask({ url }, { "x-demo-code": code }, { path })).body).not.toContain(secret);

        // The demo's setting is the demo's.
        const crops = async (credentials: { clientId: string; secretId: string }) =>
          (await (await login(url, credentials)).call("GET", "/v1/collections/default")).body.settings
            .keep_crops;
        expect(await crops({ clientId: "door", secretId: secret })).toBe(false);
        expect(await crops({ clientId, secretId })).toBe(true);
        child.kill("SIGTERM");
        await ended;
        expect({ start, ...outcome }).toMatchObject({ code: 0 });
        expect(outcome.stdout + outcome.stderr).not.toContain(secret);
      }
    },
  );

  it("is not printed by a command that makes its account, nor by one that was given it wrongly", async () => {
    const data = await temporaryDirectory();
    const people = await temporaryDirectory();
    await mkdir(join(people, "nobody"));
    const state = ["--state", await temporaryDirectory()];
    const made = await run(["enrol", people, "--embedded", "--data", data, ...state], { env });
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining("Created the account door") });
    expect(made.stdout + made.stderr).not.toContain(secret);
    const outcomes = [
      await run(["serve", `--secret=${secret}`]),
      await run(["serve", `--secret-id=${secret}`]),
      await run(["serve", "--secret-id", secret, secret]),
      await run(["jobs", "list"], { env: { PROSOPON_URL: `http://me:${secret}@127.0.0.1:9` } }),
      await run(["jobs", "list"], { env: { ...env, PROSOPON_URL: `http://me:${secret}@127.0.0.1:9` } }),
      await run(["jobs", "list"], { env: { ...env, PROSOPON_URL: `ftp://me:${secret}@127.0.0.1:9` } }),
      await run(["serve", "--data", data, "--database-url", `mysql://me:${secret}@127.0.0.1:9/x`]),
      await run(["doctor", "--data", data, "--database-url", `postgres://me:${secret}@127.0.0.1:9/x`]),
      await run(["migrate", "--check", "--database-url", `postgres://me:${secret}@127.0.0.1:9/x`]),
      ...(await Promise.all(
        [`https://me:${secret}@127.0.0.1:9`, `nowhere:${secret}`, "http://127.0.0.1:9"].map((endpoint) =>
          run(["doctor", "--data", data, "--blobs", "s3://images/x"], {
            env: {
              PROSOPON_S3_ENDPOINT: endpoint,
              PROSOPON_S3_ACCESS_KEY_ID: secret,
              PROSOPON_S3_SECRET_ACCESS_KEY: secret,
            },
          }),
        ),
      )),
    ];
    for (const { code, stdout, stderr } of outcomes) {
      expect(stdout + stderr).not.toContain(secret);
      expect(code, stderr).not.toBe(0);
    }
    // Such a server waits for its database.
    const { child, outcome, ended } = begin([
      "serve",
      ...Object.entries({
        "--port": "0",
        "--data": data,
        "--log-level": "trace",
        "--database-url": `postgres://me:${secret}@127.0.0.1:9/x`,
      }).flat(),
    ]);
    await expect.poll(() => outcome.stderr).toContain("database");
    child.kill("SIGTERM");
    await ended;
    expect(outcome.stdout + outcome.stderr).not.toContain(secret);
  });
});
