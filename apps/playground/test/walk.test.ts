import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../../tools/browser.ts";
import { beside } from "../../../packages/service/test/pictures.ts";
import { demoToken } from "./demo-token.ts";
import { photo } from "./photos.ts";
import { startServer } from "./server.ts";

const shots = path.resolve(import.meta.dirname, "../screenshots");
const sizes = { desktop: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } };
const SLOW_MS = 120_000;

let server: Awaited<ReturnType<typeof startServer>>;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const foreign: string[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  await mkdir(shots, { recursive: true });
  server = await startServer();
  browser = await launchBrowser();
  context = await browser.newContext({
    viewport: sizes.desktop,
    colorScheme: "light",
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  page = await context.newPage();
  page.setDefaultTimeout(SLOW_MS);
  const own = new URL(server.url).host;
  context.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (!["data:", "blob:"].includes(protocol) && host !== own) foreign.push(request.url());
  });
  page.on("websocket", (socket) => {
    if (new URL(socket.url()).host !== own) foreign.push(socket.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** What there is to see of a place, at both widths and in both colours; nothing in it may keep anybody out. */
async function look(name: string) {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.waitForTimeout(150);
      await page.screenshot({ path: path.join(shots, `${name}-${size}-${colorScheme}.png`), fullPage: true });
      if (size === "desktop" || colorScheme === "light")
        await expectAccessible(`${name}, ${size}, ${colorScheme}`);
    }
    const tooWide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(tooWide, `${name} scrolls sideways on a ${size}`).toBeLessThanOrEqual(0);
  }
  await page.setViewportSize(sizes.desktop);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

async function expectAccessible(where: string) {
  // GraphiQL is the gateway's page, embedded.
  const { violations } = await new AxeBuilder({ page }).exclude("iframe").analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(
    serious.map(
      ({ id, nodes }) =>
        `${where}: ${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`,
    ),
  ).toEqual([]);
}

const go = (name: string) => page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
const choose = (...files: string[]) =>
  page.locator('input[type="file"]').first().setInputFiles(files.map(photo));

async function enrol(name: string, externalId: string, ...files: string[]) {
  await go("Enrol");
  const another = page.getByRole("button", { name: "Enrol another" });
  if (await another.isVisible()) await another.click();
  await choose(...files);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("External id").fill(externalId);
  await page.getByRole("button", { name: /^Enrol from/ }).click();
  await page.getByRole("heading", { name: `${name} is enrolled` }).waitFor();
}

describe("the playground", () => {
  it("offers the demo account to no one who lacks the link of the start", async () => {
    await page.goto(server.url);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.waitForLoadState("networkidle");
    expect(await page.getByRole("button", { name: "Use the demo account" }).count()).toBe(0);
  });

  it("signs in with one click, and says what is wrong with other credentials", async () => {
    // Another fragment alone would not load the page anew.
    await page.goto("about:blank");
    await page.goto(server.demoUrl);
    expect(page.url()).not.toContain("demo=");
    await page.getByRole("button", { name: "Use the demo account" }).waitFor();
    await look("1-sign-in");
    await page.getByLabel("Client id").fill("nobody");
    await page.getByLabel("Secret id", { exact: true }).fill("wrong");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("alert").getByText(/./).first().waitFor();
    await page.getByRole("button", { name: "Use the demo account" }).click();
    await page.getByRole("heading", { name: "People", level: 1 }).waitFor();
  });

  it("teaches on its empty pages", async () => {
    await page.getByRole("heading", { name: "Nobody is known here yet" }).waitFor();
    await look("2-people-empty");
    await go("Recognise");
    await page.getByRole("heading", { name: "Nobody to compare with yet" }).waitFor();
    await go("Jobs");
    await page.getByRole("heading", { name: "No work yet" }).waitFor();
    await look("3-jobs-empty");
  });

  it("enrols a person from two photos, with the job's way and the faces drawn", async () => {
    await go("Enrol");
    await look("4-enrol-empty");
    await choose("franck_01829.jpg", "franck_02159.jpg");
    await page.getByRole("button", { name: "Enrol from 2 photos" }).waitFor();
    await look("5-enrol-chosen");
    await enrol("Franck Dernoncourt", "staff-007", "franck_01829.jpg");
    expect(await page.getByRole("list", { name: "Progress" }).getByLabel("done").count()).toBe(4);
    expect(await page.locator("figure rect").count()).toBeGreaterThanOrEqual(2);
    await look("6-enrol-done");
  });

  it("enrols a second person, and more for a full grid", async () => {
    await enrol("Audrey Hepburn", "staff-008", "audrey.jpg");
    await enrol("Sean Connery", "staff-009", "SeanConnery.jpg");
    await enrol("Nicolas Cage", "guest-1", "cage.jpg");
    await go("People");
    await page.getByRole("link", { name: /Sean Connery/ }).waitFor();
    expect(await page.getByRole("list", { name: "People" }).getByRole("listitem").count()).toBe(4);
    await look("7-people");
    await page.getByRole("searchbox").fill("audrey");
    await page.getByRole("link", { name: /Sean Connery/ }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: /Audrey Hepburn/ }).click();
    await page.getByRole("heading", { name: "Audrey Hepburn", level: 1 }).waitFor();
  });

  it("shows a person, changes their details and adds a photo", async () => {
    await page.getByRole("button", { name: "Add a field" }).click();
    await page.getByLabel("Field name").fill("department");
    await page.getByLabel("Value of department").fill("Film");
    await page.getByRole("button", { name: "Save details" }).click();
    await page.getByText("Saved").waitFor();
    await choose("audrey_crop.jpg");
    await page.getByText("Added.").waitFor();
    await page.getByRole("button", { name: "Delete face 2" }).waitFor();
    await look("8-person");
  });

  it("finds a person by another photo of them", async () => {
    await go("Search");
    await look("9-search-empty");
    await choose("franck_04000.jpg");
    const first = page
      .getByRole("list", { name: /^Matches/ })
      .getByRole("listitem")
      .first();
    await first.waitFor();
    expect(await first.innerText()).toContain("Franck Dernoncourt");
    expect(await first.innerText()).toContain("Recognised");
    await page.getByText(/1 in [\d,]+/).waitFor();
    await look("10-search-found");
  });

  it("says plainly that it knows nobody like a stranger, and moves the line", async () => {
    await choose("sample6.jpg");
    await page.getByRole("heading", { name: "Nobody we know" }).waitFor();
    await look("11-search-nobody");
    const before = await page.getByText(/a stranger is named in/).innerText();
    await page.getByRole("slider").focus();
    for (let press = 0; press < 10; press += 1) await page.keyboard.press("ArrowRight");
    expect(await page.getByText(/a stranger is named in/).innerText()).not.toBe(before);
  });

  it("says who everybody in a photo is, and who is nobody it knows", async () => {
    await go("Identify");
    await look("12-identify-empty");
    const files = page.locator('input[type="file"]').first();
    await files.setInputFiles({
      name: "group.jpg",
      mimeType: "image/jpeg",
      buffer: await beside(...["franck_04000.jpg", "audrey.jpg", "bieber_small.jpg"].map(photo)),
    });
    const faces = page.getByRole("list", { name: "3 faces, largest first" }).getByRole("listitem");
    await faces.first().waitFor();
    expect(
      await faces.filter({ hasText: "Franck Dernoncourt" }).filter({ hasText: "Recognised" }).count(),
    ).toBe(1);
    expect(await faces.filter({ hasText: "Nobody we know" }).count()).toBe(1);
    await look("12-identify-faces");
    await choose("sample6.jpg");
    await page
      .getByRole("list", { name: /faces?, largest first$/ })
      .getByText("Nobody we know")
      .first()
      .waitFor();
  });

  it("recognises a person, and refuses a stranger", async () => {
    await go("Recognise");
    await page.getByRole("combobox", { name: "Who should it be?" }).click();
    await page.getByRole("option", { name: "Franck Dernoncourt" }).click();
    await page.getByText("Drop a photo of Franck Dernoncourt here").waitFor();
    await choose("franck_03909.jpg");
    await page.getByRole("heading", { name: "Yes, this is Franck Dernoncourt" }).waitFor();
    await look("12-recognise-yes");
    await choose("SeanConnery.jpg");
    await page.getByRole("heading", { name: /^No, not Franck Dernoncourt/ }).waitFor();
    await look("13-recognise-no");
  });

  it("follows the jobs of others by its subscription", async () => {
    await go("Jobs");
    const rows = page.getByRole("list", { name: /^Jobs/ }).getByRole("listitem");
    await rows.first().waitFor();
    const before = await rows.count();
    await searchFromElsewhere();
    await expect.poll(() => rows.count()).toBe(before + 1);
    await expect.poll(() => rows.first().innerText()).toContain("Succeeded");
    await go("Search");
    await page
      .locator('input[type="file"]')
      .first()
      .setInputFiles({ name: "grey.jpg", mimeType: "image/jpeg", buffer: await greyPicture() });
    await page.getByRole("alert").getByText(/face/i).waitFor();
    await look("14-search-failed");
    await go("Jobs");
    await page.getByRole("listitem").filter({ hasText: "Failed" }).first().waitFor();
    await look("15-jobs");
    await page
      .getByRole("button", { name: /Failed/ })
      .first()
      .click();
    await page.getByRole("dialog").getByText("Why it failed").waitFor();
    await look("16-job");
    await page.keyboard.press("Escape");
  });

  it("shows the code for what was just done, and GraphiQL", async () => {
    await go("API");
    await page.getByRole("button", { name: "Search by a photo" }).first().click();
    await page.getByText("curl", { exact: true }).click();
    await page.getByText("/innovation-service/identity/search").first().waitFor();
    await look("17-api");
    await page.getByRole("tab", { name: "GraphiQL" }).click();
    await page
      .frameLocator("iframe")
      .getByRole("button", { name: /Execute query/ })
      .first()
      .waitFor();
    await look("18-graphiql");
  });

  it("shows the collections of the account", async () => {
    await page.getByRole("link", { name: "Manage" }).click();
    await page
      .getByLabel("New collection")
      .fill("Visitors of the northern branch, ground floor, since last summer");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("region", { name: /^Visitors/ }).waitFor();
    await look("18-collections");
    await page.getByRole("button", { name: /^Rename Visitors/ }).click();
    await page.getByRole("dialog").getByLabel("New name").waitFor();
    await look("18-collections-rename");
    await page.keyboard.press("Escape");
  });

  it("deletes a person after asking, with a receipt", async () => {
    await go("People");
    await page.getByRole("link", { name: /Nicolas Cage/ }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).waitFor();
    await look("19-delete");
    await page.getByRole("dialog").getByRole("button", { name: "Delete for good" }).click();
    await page.getByRole("heading", { name: "Nicolas Cage is deleted" }).waitFor();
    await look("20-receipt");
    await page.getByRole("button", { name: "Back to People" }).click();
    await page.getByRole("link", { name: /Sean Connery/ }).waitFor();
    expect(await page.getByRole("link", { name: /Nicolas Cage/ }).count()).toBe(0);
  });

  it("works from the keyboard", async () => {
    await page.goto(server.url);
    await page.getByRole("link", { name: /Sean Connery/ }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
  });

  it("signs out, and nothing of the session is left", async () => {
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Use the demo account" }).waitFor();
    expect(
      await page.evaluate(() =>
        JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage)]),
      ),
    ).not.toMatch(/eyJ|refreshToken/);
    expect(await page.getByText("Sean Connery").count()).toBe(0);
  });

  it("has GraphiQL beside it, with nothing of another server", async () => {
    const tab = await context.newPage();
    tab.setDefaultTimeout(SLOW_MS);
    await tab.goto(`${server.url}/graphql`);
    await tab.locator(".graphiql-container").first().waitFor();
    await tab.close();
  });

  it("has sent no request to another origin", () => {
    expect(foreign).toEqual([]);
  });

  it("has left no complaint in the console", () => {
    expect(complaints).toEqual([]);
  });
});

/** As another program of the same account would. */
async function searchFromElsewhere() {
  const token = await demoToken(server);
  const body = new FormData();
  body.set("input_image", new Blob([await readFile(photo("audrey.jpg"))]), "audrey.jpg");
  const answer = await fetch(new URL("/innovation-service/identity/search", server.url), {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body,
  });
  expect(answer.status).toBe(200);
}

/** A picture with nobody in it, made by the browser itself. */
async function greyPicture(): Promise<Buffer> {
  const url = await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    canvas.width = 320;
    canvas.height = 240;
    const pen = canvas.getContext("2d");
    if (pen) {
      pen.fillStyle = "#9a9a9a";
      pen.fillRect(0, 0, 320, 240);
    }
    return canvas.toDataURL("image/jpeg");
  });
  return Buffer.from(url.slice(url.indexOf(",") + 1), "base64");
}
