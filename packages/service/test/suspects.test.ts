import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { openLocalBlobs } from "../src/blobs/local.ts";
import { openSqliteStorage } from "../src/storage/sqlite/open.ts";
import { atEnd, photo } from "./fixture.ts";
import { defaultOf, newAccount } from "./storage/samples.ts";

/** A directory in which jobs wait, each of one photo; those named are of one that kills whoever looks at it. */
async function waiting(count: number, bombs: number[]) {
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-suspects-"));
  atEnd(() => rm(directory, { recursive: true, force: true }));
  const storage = await openSqliteStorage({ directory });
  const blobs = await openLocalBlobs(path.join(directory, "blobs"));
  const accountId = await newAccount(storage);
  const { collectionId } = await defaultOf(storage, accountId);
  const audrey = await photo("audrey.jpg");
  for (let i = 0; i < count; i++) {
    const bytes = bombs.includes(i) ? Buffer.concat([audrey, Buffer.from("BOMB")]) : audrey;
    const { blobId, size } = await blobs.put([bytes] as never, { maxBytes: 1e6 });
    const payload = { kind: "enrol" as const, collectionId, images: [{ blobId, size }] };
    await storage.jobs.enqueue({ id: `job-${i}`, accountId, payload, now: Date.now() });
  }
  await blobs.close();
  await storage.close();
  return { directory, accountId };
}

/** A server over it, until it dies, is told enough, or is killed when the test says so. */
async function serve(directory: string, until: (told: string[]) => boolean) {
  const script = path.join(import.meta.dirname, "suspects/server.ts");
  const child = spawn(process.execPath, ["--conditions=@prosopon/source", script, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  atEnd(async () => child.kill("SIGKILL"));
  const told: string[] = [];
  let asked = false;
  createInterface({ input: child.stdout }).on("line", (line) => {
    told.push(line);
    if (until(told)) asked = child.kill("SIGKILL");
  });
  await once(child, "close");
  return { told, died: !asked };
}

const ended = (told: string[]) => told.filter((line) => /Succeeded|Failed/.test(line)).length;

describe("a job whose image ends the process", () => {
  it("does so once, and then fails for good; those beside it lose no more than that try", async () => {
    const { directory, accountId } = await waiting(12, [1, 7]);
    let deaths = 0;
    let done = 0;
    while (done < 12) {
      const { told, died } = await serve(directory, (lines) => done + ended(lines) === 12);
      done += ended(told);
      deaths += Number(died);
      expect(deaths).toBeLessThanOrEqual(2);
    }
    const storage = await openSqliteStorage({ directory });
    const { items } = await storage.jobs.list(accountId, {}, { limit: 50 });
    for (const { id, status, error, attempts, dead } of items) {
      const bomb = id === "job-1" || id === "job-7";
      expect([id, status, error]).toEqual([
        id,
        bomb ? "Failed" : "Succeeded",
        bomb ? "image 1: The process ended over it." : undefined,
      ]);
      // One for each bomb that it was in hand beside.
      expect(attempts).toBeLessThanOrEqual(3);
      expect(dead).toBeUndefined();
    }
    await storage.close();
  });

  it("is none of those that were in work at one random kill after the other", async () => {
    const { directory, accountId } = await waiting(3, []);
    // Each time as soon as the jobs are in work, and before any can end.
    for (let kill = 1; kill < 9; kill++) {
      const { died } = await serve(directory, (lines) => lines.includes("in work"));
      expect(died).toBe(false);
    }
    await serve(directory, (lines) => ended(lines) === 3);
    const storage = await openSqliteStorage({ directory });
    const { items } = await storage.jobs.list(accountId, {}, { limit: 50 });
    expect(items.map(({ status }) => status)).toEqual(["Succeeded", "Succeeded", "Succeeded"]);
    await storage.close();
  });
});
