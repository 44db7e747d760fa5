import { spawn } from "node:child_process";
import { readFile, readdir, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import path from "node:path";
import chromium from "@sparticuz/chromium";
import { chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RealService, photo, start } from "./real-service.ts";

const root = path.resolve(import.meta.dirname, "..");
const bin = path.resolve(root, "../../node_modules/.bin");

let service: RealService;
let site: { url: string; close(): Promise<void> };
beforeAll(async () => {
  await buildIfOld();
  service = await start();
  await service.service.ready();
  site = await serveFiles();
});
afterAll(() => site.close());

/** The runtimes run what is published, not the sources. */
async function buildIfOld(): Promise<void> {
  const times = async (folder: string): Promise<number[]> => {
    const names = await readdir(path.join(root, folder), { recursive: true }).catch(() => []);
    return Promise.all(names.map(async (name) => (await stat(path.join(root, folder, name))).mtimeMs));
  };
  const [sources, built] = [await times("src"), await times("dist")];
  if (built.length > 0 && Math.max(...sources) < Math.min(...built)) return;
  const { code, output } = await run(path.join(bin, "tsdown"), []);
  if (code !== 0) throw new Error(`tsdown failed:\n${output}`);
}

/** The photographs, and for the page the built client: on another origin than the service. */
async function serveFiles(): Promise<typeof site> {
  const valibot = createRequire(import.meta.url)
    .resolve("valibot")
    .replace(/index\.cjs$/, "index.mjs");
  const types: Record<string, string> = {
    ".js": "text/javascript",
    ".html": "text/html",
    ".jpg": "image/jpeg",
  };
  const read = (url: string): Promise<Buffer> => {
    const name = path.basename(url);
    if (url.startsWith("/photos/")) return photo(name);
    if (url.startsWith("/dist/")) return readFile(path.join(root, "dist", name));
    if (url === "/valibot.js") return readFile(valibot);
    if (url.startsWith("/ky/"))
      return readFile(path.join(root, "node_modules/ky/distribution", url.slice(4)));
    return readFile(path.join(root, "test/runtimes", name));
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    read(pathname).then(
      (bytes) =>
        response.writeHead(200, { "content-type": types[path.extname(pathname)] ?? "text/plain" }).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => (server.closeAllConnections(), server.close(() => resolve()))),
  };
}

function run(command: string, args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

/** How many promises the suite holds: a runtime that skipped some would show. */
const PROMISES = 16;
const HELD = `${PROMISES} passed, 0 failed`;

describe("the client's suite holds", () => {
  const runtimes: [name: string, command: string, ...args: string[]][] = [
    ["Node", process.execPath],
    [
      "Deno",
      path.join(bin, "deno"),
      "run",
      "--no-remote",
      "--no-lock",
      "--allow-net=127.0.0.1",
      "--allow-read",
      "--allow-env",
    ],
    ["Bun", path.join(bin, "bun"), "run"],
  ];
  for (const [name, command, ...args] of runtimes) {
    it(`in ${name}`, async () => {
      const { clientId, secretId } = await service.service.accounts.create({ name });
      const { output } = await run(command, [
        ...args,
        "test/runtimes/run.js",
        service.base,
        clientId,
        secretId,
        `${site.url}/photos`,
      ]);
      expect(output).toContain(HELD);
    });
  }

  it("in a page of headless Chromium, on another origin", async () => {
    const { clientId, secretId } = await service.service.accounts.create({ name: "Chromium" });
    const browser = await playwright.launch({
      executablePath: process.env["PROSOPON_TEST_CHROMIUM"] ?? (await chromium.executablePath()),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(120_000);
      const lines: string[] = [];
      const over = new Promise<void>((resolve) => {
        page.on("console", (message) => {
          lines.push(message.text());
          if (/^\d+ passed, \d+ failed$/.test(message.text())) resolve();
        });
        page.on("pageerror", (error) => {
          lines.push(String(error));
          resolve();
        });
      });
      await page.goto(
        `${site.url}/page.html#${new URLSearchParams({ baseUrl: service.base, clientId, secretId })}`,
      );
      await over;
      expect(lines.join("\n")).toContain(HELD);
    } finally {
      await browser.close();
    }
  });
});
