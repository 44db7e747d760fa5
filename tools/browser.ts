/** A headless Chromium for tests: the system's own, else the one of an npm package. */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as playwright } from "playwright-core";

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
async function packaged(): Promise<string> {
  const lock = path.join(tmpdir(), "prosopon-test-chromium.lock");
  const patience = Date.now() + 60_000;
  while (
    !(await mkdir(lock).then(
      () => true,
      () => false,
    ))
  ) {
    // A process that was killed leaves its lock behind.
    if (Date.now() > patience) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    return await chromium.executablePath();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}
