import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { Json } from "./api.ts";
import { startServer, temporaryDirectory } from "./command.ts";

/** The command with pages of the test's own, so that the test says what is served and not what the playground is. */
async function installWithPages(): Promise<{ cli: string; root: string }> {
  const from = join(import.meta.dirname, "..");
  const root = await temporaryDirectory();
  await cp(join(from, "dist"), join(root, "dist"), {
    recursive: true,
    filter: (path) => !path.includes("playground"),
  });
  await cp(join(from, "package.json"), join(root, "package.json"));
  await symlink(join(from, "node_modules"), join(root, "node_modules"));
  await mkdir(join(root, "dist/playground/assets"), { recursive: true });
  await writeFile(join(root, "dist/playground/index.html"), "<!doctype html><title>Pages</title>");
  await writeFile(join(root, "dist/playground/assets/app-1a2b3c4d.js"), "console.log(1)");
  return { cli: join(root, "dist/cli.js"), root };
}

describe("the playground's files", () => {
  it("are served beside the API, with a policy that lets nothing else load", async () => {
    const { cli } = await installWithPages();
    const server = await startServer(await temporaryDirectory(), [], { cli });
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${server.url}${path}`, { headers });

    const page = await get("/");
    expect(await page.text()).toContain("<title>Pages</title>");
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.headers.get("cache-control")).toBe("no-cache");
    const policy = page.headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("img-src 'self' data: blob:");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");

    const asset = await get("/assets/app-1a2b3c4d.js");
    expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(asset.headers.get("content-type")).toContain("javascript");

    const deep = await get("/people/some-id", { accept: "text/html,application/xhtml+xml" });
    expect(await deep.text()).toContain("<title>Pages</title>");
    // A missing script must not be answered with the page, and the API's paths stay the API's.
    expect((await get("/assets/gone.js", { accept: "text/html" })).status).toBe(404);
    const api = await get("/v1/identities", { accept: "text/html" });
    expect(api.status).toBe(401);
    expect(((await (await get("/nowhere")).json()) as { statusCode: number }).statusCode).toBe(404);
    await server.stop();
  });

  it("are all that is served: no path leads out of their folder", async () => {
    const { cli, root } = await installWithPages();
    await writeFile(join(root, "dist/secret.txt"), "not for the web");
    const server = await startServer(await temporaryDirectory(), [], { cli });
    for (const path of [
      "/../secret.txt",
      "/assets/../../secret.txt",
      "/..%2fsecret.txt",
      "/%2e%2e/secret.txt",
      "/..\\secret.txt",
      "/assets/..%5c..%5csecret.txt",
      "//secret.txt",
      "/%252e%252e/secret.txt",
      "/assets/%00",
    ]) {
      const answer = await raw(server.url, path);
      expect(answer, path).not.toContain("not for the web");
      expect(answer, path).toMatch(/^HTTP\/1\.1 40[04]/);
    }
    await server.stop();
  });
});

describe("GraphQL", () => {
  it("answers at /graphql on the same port, over HTTP and by socket", async () => {
    const server = await startServer(await temporaryDirectory());
    const query = async (query: string, variables = {}, token?: string): Promise<Json> => {
      const headers = {
        "content-type": "application/json",
        ...(token && { authorization: `Bearer ${token}` }),
      };
      return (
        await fetch(`${server.url}/graphql`, {
          method: "POST",
          headers,
          body: JSON.stringify({ query, variables }),
        })
      ).json();
    };
    const { data } = await query(
      "mutation($input: LoginInput!) { login(input: $input) { ... on Session { token } } }",
      {
        input: { clientId: server.clientId, secretId: server.secretId },
      },
    );
    const { token } = data.login;
    expect((await query("{ identities(first: 5) { edges { node { id } } } }", {}, token)).data).toEqual({
      identities: { edges: [] },
    });

    const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const acknowledged = new Promise((resolve) =>
      socket.addEventListener("message", ({ data: message }) => resolve(JSON.parse(String(message)).type)),
    );
    socket.addEventListener("open", () =>
      socket.send(JSON.stringify({ type: "connection_init", payload: { token } })),
    );
    expect(await acknowledged).toBe("connection_ack");
    const begun = performance.now();
    expect((await server.stop()).code).toBe(0);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

/** Paths as an attacker sends them: `fetch` would tidy them up first. */
async function raw(url: string, path: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`);
  return text(socket);
}
