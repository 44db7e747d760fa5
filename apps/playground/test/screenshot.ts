/** `node apps/playground/test/screenshot.ts`: takes docs/images/console.png, the picture in the README, from the built command. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Page } from "playwright-core";
import { beside } from "../../../packages/service/test/pictures.ts";
import { launchBrowser } from "../../../tools/browser.ts";
import { photo } from "./photos.ts";
import { startServer } from "./server.ts";

const target = path.resolve(import.meta.dirname, "../../../docs/images/console.png");

const server = await startServer();
const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1120, height: 620 }, reducedMotion: "reduce" });
  await page.goto(server.demoUrl);
  await page.getByRole("button", { name: "Use the demo account" }).click();
  await enrol(page, "Franck Dernoncourt", "franck_01829.jpg");
  await enrol(page, "Audrey Hepburn", "audrey_crop.jpg");
  await go(page, "Identify");
  const buffer = await beside(...["franck_04000.jpg", "audrey.jpg", "SeanConnery.jpg"].map(photo));
  await choose(page, { name: "group.jpg", mimeType: "image/jpeg", buffer });
  await page.getByRole("list", { name: "3 faces, largest first" }).waitFor();
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: target });
  console.log(`${target}: ${(await readFile(target)).length} bytes`);
} finally {
  await browser.close();
  await server.stop();
}

async function enrol(page: Page, name: string, file: string) {
  await go(page, "Enrol");
  const another = page.getByRole("button", { name: "Enrol another" });
  if (await another.isVisible()) await another.click();
  await choose(page, photo(file));
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: /^Enrol from/ }).click();
  await page.getByRole("heading", { name: new RegExp(`^${name}`) }).waitFor();
}

async function go(page: Page, name: string) {
  await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
}

async function choose(page: Page, file: Parameters<ReturnType<Page["locator"]>["setInputFiles"]>[0]) {
  await page.locator('input[type="file"]').first().setInputFiles(file);
}
