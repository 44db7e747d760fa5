import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../../../tools/browser.ts";
import { photo } from "./photos.ts";
import { startServer } from "./server.ts";

interface Sqlite {
  openSqliteStorage(options: { directory: string }): Promise<{
    accounts: { list(): Promise<{ id: string }[]> };
    collections: {
      get(accountId: string | undefined, idOrName: string): Promise<{ id: string } | undefined>;
    };
    jobs: {
      enqueue(job: object): Promise<unknown>;
      claim(options: object): Promise<{ id: string; leaseId: string }[]>;
      finish(job: object, outcome: object, now: number): Promise<unknown>;
      release(job: object, options: object): Promise<unknown>;
    };
    close(): Promise<void>;
  }>;
}
interface Service {
  openLocalBlobs(directory: string): Promise<{
    put(data: AsyncIterable<Uint8Array>, options: object): Promise<{ blobId: string; size: number }>;
    close(): Promise<void>;
  }>;
}
// By address: the page's own settings would type-check the service's sources without Node's types.
const address = (file: string) => new URL(`../../../packages/service/src/${file}`, import.meta.url).href;
const { openLocalBlobs } = (await import(/* @vite-ignore */ address("index.ts"))) as Service;
const { openSqliteStorage } = (await import(/* @vite-ignore */ address("sqlite.ts"))) as Sqlite;

let data: string;
let server: Awaited<ReturnType<typeof startServer>>;
let browser: Browser;

beforeAll(async () => {
  data = await mkdtemp(path.join(tmpdir(), "prosopon-playground-"));
  // Makes the demo account.
  await (await startServer(data)).stop();
  await letJobDie(data);
  await letJobWait(data);
  [server, browser] = await Promise.all([startServer(data), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await rm(data, { recursive: true, force: true, maxRetries: 3 });
});

/** An enrolment whose tries were used up. */
async function letJobDie(directory: string) {
  const storage = await openSqliteStorage({ directory });
  const blobs = await openLocalBlobs(path.join(directory, "blobs"));
  const [account] = await storage.accounts.list();
  const collection = await storage.collections.get(account?.id, "default");
  const { blobId, size } = await blobs.put(createReadStream(photo("audrey.jpg")), { maxBytes: 1e6 });
  const now = Date.now();
  const payload = {
    kind: "enrol",
    images: [{ blobId, size }],
    metadata: { name: "Audrey Hepburn" },
    collectionId: collection?.id,
  };
  await storage.jobs.enqueue({ id: "job-that-died", accountId: account?.id, payload, now });
  const [job] = await storage.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 5, now });
  const outcome = { type: "failed", error: "An internal error stopped it.", deadUntil: now + 3_600_000 };
  await storage.jobs.finish({ jobId: job?.id, leaseId: job?.leaseId }, outcome, now);
  await blobs.close();
  await storage.close();
}

/** A search that is tried again in ten minutes. */
async function letJobWait(directory: string) {
  const storage = await openSqliteStorage({ directory });
  const [account] = await storage.accounts.list();
  const collection = await storage.collections.get(account?.id, "default");
  const now = Date.now();
  const payload = { kind: "search", images: [], maxResult: 1, collectionId: collection?.id };
  await storage.jobs.enqueue({ id: "job-that-waits", accountId: account?.id, payload, now });
  const [job] = await storage.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 5, now });
  const lease = { jobId: job?.id, leaseId: job?.leaseId };
  await storage.jobs.release(lease, { at: now + 600_000, countAttempt: true });
  await storage.close();
}

describe("a job that waits", () => {
  it("is cancelled by a button, and the page shows its end", async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(server.demoUrl);
    await page.getByRole("button", { name: "Use the demo account" }).click();
    await page.getByRole("navigation").getByRole("link", { name: "Jobs", exact: true }).click();
    await page.getByRole("button", { name: /Sent/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.getByText("cancelled by the account before it was done").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).waitFor({ state: "detached" });
  });
});

describe("a dead job", () => {
  it("is tried again by a button, and the page follows the new try", async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(server.demoUrl);
    await page.getByRole("button", { name: "Use the demo account" }).click();
    await page.getByRole("navigation").getByRole("link", { name: "Jobs", exact: true }).click();
    await page.getByRole("button", { name: /Failed Enrolment/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("An internal error stopped it.").waitFor();
    await dialog.getByText(/The photos are kept until/).waitFor();
    await dialog.getByRole("button", { name: "Try again" }).click();
    await dialog.getByRole("link", { name: "Open Audrey Hepburn" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: /Failed Enrolment/ }).click();
    await dialog.getByRole("button", { name: "Open the new try" }).click();
    await dialog.getByRole("link", { name: "Open Audrey Hepburn" }).waitFor();
  });
});
