/** vitest's global set-up: names the run, so that the first test to need PostgreSQL starts it, and stops it at the end. */
import { readFile, rm } from "node:fs/promises";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { attachPostgres, type PostgresHandle } from "./postgres.ts";

export default function setup(): () => Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), "prosopon-run-"));
  process.env.PROSOPON_TEST_RUN = JSON.stringify({ directory, pid: process.pid });
  return async () => {
    const handle = await readFile(path.join(directory, "postgres.json"), "utf8").catch(() => undefined);
    if (handle) await attachPostgres(JSON.parse(handle) as PostgresHandle).stop();
    await rm(directory, { recursive: true, force: true });
  };
}
