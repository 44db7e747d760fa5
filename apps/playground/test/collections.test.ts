import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser } from "../../../tools/browser.ts";
import { demoToken } from "./demo-token.ts";
import { photo } from "./photos.ts";
import { startServer } from "./server.ts";

let server: Awaited<ReturnType<typeof startServer>>;
let browser: Browser;
let token: string;
let page: Page;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  token = await demoToken(server);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

beforeEach(async () => {
  // With a storage of its own.
  page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(server.demoUrl);
  await signIn();
  return () => page.close();
});

const choosePhoto = (file: string) => page.locator('input[type="file"]').first().setInputFiles(photo(file));
const picker = () => page.getByRole("combobox", { name: "Collection" });
const option = (name: string) =>
  picker()
    .locator("option")
    .filter({ hasText: `${name} (` });
const card = (name: string) => page.getByRole("region", { name, exact: true });

async function signIn() {
  await page.getByRole("button", { name: "Use the demo account" }).click();
  await picker().waitFor();
}

async function go(name: string) {
  await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
}

async function pick(name: string) {
  await option(name).waitFor({ state: "attached" });
  await picker().selectOption(await option(name).getAttribute("value"));
}

async function expectPicked(name: string) {
  await picker()
    .locator("option:checked")
    .filter({ hasText: `${name} (` })
    .waitFor({ state: "attached" });
}

async function enrol(name: string, file: string) {
  await go("Enrol");
  await choosePhoto(file);
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: /^Enrol from/ }).click();
  await page.getByRole("heading", { name: `${name} is enrolled` }).waitFor();
}

/** As another tab or program of the same account would. */
async function elsewhere(method: string, address: string, body?: object) {
  const answer = await fetch(new URL(address, server.url), {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(answer.ok, `${method} ${address} answers ${answer.status}`).toBe(true);
}

const create = (name: string) => elsewhere("POST", "/v1/collections", { name });
const erase = (name: string) => elsewhere("DELETE", `/v1/collections/${name}`);

describe("the page of collections", () => {
  it("creates a collection, renames it and deletes it, and the picker follows", async () => {
    await page.getByRole("link", { name: "Manage" }).click();
    await page.getByLabel("New collection").fill("Staff");
    await page.getByRole("button", { name: "Create" }).click();
    await card("Staff").waitFor();
    await pick("Staff");

    await page.getByRole("button", { name: "Rename Staff" }).click();
    await page.getByRole("dialog").getByLabel("New name").fill("default");
    await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
    await page
      .getByRole("dialog")
      .getByText(/taken|already|exists/)
      .waitFor();
    await page.getByRole("dialog").getByLabel("New name").fill("Employees");
    await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
    await card("Employees").waitFor();
    await expectPicked("Employees");
    expect(await option("Staff").count()).toBe(0);

    await page.getByRole("button", { name: "Delete Employees" }).click();
    await page.getByRole("button", { name: "Delete and erase" }).click();
    await card("Employees").waitFor({ state: "detached" });
    await expectPicked("default");
    await option("Employees").waitFor({ state: "detached" });
  });
});

describe("after a switch to another collection", () => {
  it("nobody of the first is listed, nor the filter that was set there", async () => {
    await create("First");
    await create("Second");
    await page.reload();
    await pick("First");
    await enrol("Audrey Hepburn", "audrey.jpg");
    await go("People");
    await page.getByRole("link", { name: /Audrey Hepburn/ }).waitFor();
    await page.getByRole("searchbox").fill("audrey");

    await pick("Second");
    await page.getByRole("heading", { name: "Nobody is known here yet" }).waitFor();
    expect(await page.getByRole("link", { name: /Audrey Hepburn/ }).count()).toBe(0);
    expect(await page.getByRole("searchbox").count()).toBe(0);

    await pick("First");
    await page.getByRole("link", { name: /Audrey Hepburn/ }).click();
    await page.getByRole("heading", { name: "Audrey Hepburn", level: 1 }).waitFor();
    await pick("Second");
    await page.getByRole("heading", { name: "Nobody is known here yet" }).waitFor();
  });

  it("no page shows an answer of the first", async () => {
    await pick("First");
    await go("Search");
    await choosePhoto("audrey_crop.jpg");
    await page
      .getByRole("list", { name: /^Matches/ })
      .getByText("Audrey Hepburn")
      .waitFor();
    await pick("Second");
    await page.getByRole("heading", { name: "Matches appear here" }).waitFor();
    expect(await page.getByAltText("The photo that was searched for").count()).toBe(0);

    await pick("First");
    await go("Identify");
    await choosePhoto("audrey_crop.jpg");
    await page
      .getByRole("list", { name: /largest first$/ })
      .getByText("Audrey Hepburn")
      .waitFor();
    await pick("Second");
    await page.getByRole("heading", { name: "Faces appear here" }).waitFor();

    await enrol("Sean Connery", "SeanConnery.jpg");
    await pick("First");
    await page.getByRole("button", { name: "Add a photo first" }).waitFor();
    expect(await page.getByLabel("Name").inputValue()).toBe("");

    await go("Recognise");
    const who = page.getByRole("combobox", { name: "Who should it be?" });
    await who.click();
    await page.getByRole("option", { name: "Audrey Hepburn" }).click();
    await choosePhoto("audrey_crop.jpg");
    await page.getByRole("heading", { name: "Yes, this is Audrey Hepburn" }).waitFor();
    await pick("Second");
    await page.getByRole("heading", { name: "The answer appears here" }).waitFor();
    await who.click();
    await page.getByRole("option", { name: "Sean Connery" }).waitFor();
    expect(await page.getByRole("option", { name: "Audrey Hepburn" }).count()).toBe(0);
    expect(await who.inputValue()).toBe("");
  });
});

describe("a chosen collection that was deleted elsewhere", () => {
  const alerts = () => page.getByRole("alert").count();

  it.each([
    // A headless browser never takes the focus from a page.
    ["the tab is looked at again", () => page.evaluate(() => void window.dispatchEvent(new Event("focus")))],
    ["another page is opened", () => go("Search")],
    ["the page is loaded again", () => page.reload()],
  ])("gives way to `default` when %s", async (_, step) => {
    await create("Fleeting");
    await page.reload();
    await pick("Fleeting");
    await page.getByRole("heading", { name: "Nobody is known here yet" }).waitFor();
    await erase("Fleeting");
    await step();
    await expectPicked("default");
    expect(await alerts()).toBe(0);
  });

  it("gives way to `default` when its people are looked for", async () => {
    await create("Fleeting");
    await page.reload();
    await pick("Fleeting");
    await enrol("Nicolas Cage", "cage.jpg");
    await go("People");
    await page.getByRole("link", { name: /Nicolas Cage/ }).waitFor();
    await erase("Fleeting");
    await page.getByRole("searchbox").fill("cage");
    await expectPicked("default");
    await page.getByRole("heading", { name: "Nobody is known here yet" }).waitFor();
    expect(await alerts()).toBe(0);
  });

  it("is no choice any more when the tab is looked at again", async () => {
    await create("Fleeting");
    await page.reload();
    await option("Fleeting").waitFor({ state: "attached" });
    await erase("Fleeting");
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await option("Fleeting").waitFor({ state: "detached" });
  });
});

describe("signing out", () => {
  it("forgets the chosen collection", async () => {
    await pick("First");
    await page.getByRole("link", { name: /Audrey Hepburn/ }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await signIn();
    await expectPicked("default");
    await page.getByRole("heading", { name: "Nobody is known here yet" }).waitFor();
  });
});

describe("an account with more than a hundred collections", () => {
  it("has each of them in the picker, and keeps the chosen one", async () => {
    for (let number = 1; number <= 210; number += 1) await create(`Branch ${number}`);
    await page.reload();
    await expectPicked("default");
    // And `default`, First and Second.
    await expect.poll(() => picker().locator("option").count()).toBe(213);
    await pick("First");
    await page.getByRole("link", { name: /Audrey Hepburn/ }).waitFor();
    await page.reload();
    await page.getByRole("link", { name: /Audrey Hepburn/ }).waitFor();
    await expectPicked("First");

    await page.getByRole("link", { name: "Manage" }).click();
    await page.getByLabel("New collection").fill("Newest");
    await page.getByRole("button", { name: "Create" }).click();
    await option("Newest").waitFor({ state: "attached" });
    await expect.poll(() => picker().locator("option").count()).toBe(214);
    await page.getByRole("button", { name: "Delete Branch 150" }).click();
    await page.getByRole("button", { name: "Delete and erase" }).click();
    await option("Branch 150").waitFor({ state: "detached" });
    await expectPicked("First");
    await expect.poll(() => picker().locator("option").count()).toBe(213);
    await expect.poll(() => page.getByRole("region").count()).toBe(213);
  });
});
