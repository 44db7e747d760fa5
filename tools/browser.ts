/** A headless Chromium for tests: the system's own, else the one of an npm package. */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";
import { exclusively } from "./lock.ts";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const system = [
  process.env["PROSOPON_TEST_CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

export async function launchBrowser(args: string[] = []): Promise<Browser> {
  const found = system.find((file) => file && existsSync(file));
  return playwright.launch({
    executablePath: found ?? (await packaged()),
    args: [...flags, ...args],
    headless: true,
  });
}

/** The package unpacks itself into the temporary folder and takes half a file of another process for its own: one at a time. */
const packaged = (): Promise<string> =>
  exclusively(path.join(tmpdir(), "prosopon-test-chromium.lock.db"), () => chromium.executablePath());
