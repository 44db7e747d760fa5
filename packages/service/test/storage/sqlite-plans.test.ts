import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteStorage } from "../../src/storage/sqlite/open.ts";

let directory: string;
let db: Database.Database;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "prosopon-plans-"));
  await (await openSqliteStorage({ directory })).close();
  db = new Database(join(directory, "prosopon.db"));
});
afterAll(async () => {
  db.close();
  await rm(directory, { recursive: true });
});

function plan(sql: string): string {
  const bound = sql.replaceAll("?", "1");
  return (db.prepare(`EXPLAIN QUERY PLAN ${bound}`).all() as { detail: string }[])
    .map(({ detail }) => detail)
    .join("\n");
}

describe("SQLite query plans", () => {
  it.each([
    [
      "a page of identities",
      "identities_text",
      "SELECT * FROM identities i JOIN collections c ON c.row = i.collection AND c.deleted_at IS NULL WHERE i.collection = ? AND (i.created_at, i.id) < (?, ?) ORDER BY i.created_at DESC, i.id DESC LIMIT ?",
    ],
    [
      "the end of a step through identities",
      "COVERING INDEX identities_text",
      "SELECT created_at, id FROM identities WHERE collection = ? AND (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?",
    ],
    [
      "a step through identities",
      "identities_text",
      "SELECT * FROM identities i JOIN collections c ON c.row = i.collection AND c.deleted_at IS NULL WHERE i.collection = ? AND (i.created_at, i.id) < (?, ?) AND (i.created_at, i.id) >= (?, ?) AND instr(i.folded, '?') > 0 ORDER BY i.created_at DESC, i.id DESC LIMIT ?",
    ],
    [
      "a page of jobs",
      "jobs_page",
      "SELECT * FROM jobs j WHERE j.account = ? AND (j.created_at, j.id) < (?, ?) ORDER BY j.created_at DESC, j.id DESC LIMIT ?",
    ],
    [
      "a page of dead jobs",
      "jobs_dead",
      "SELECT * FROM jobs j INDEXED BY jobs_dead WHERE j.account = ? AND (j.created_at, j.id) < (?, ?) AND j.dead_until IS NOT NULL ORDER BY j.created_at DESC, j.id DESC LIMIT ?",
    ],
    [
      "a page of failed jobs",
      "jobs_failed",
      "SELECT * FROM jobs j INDEXED BY jobs_failed WHERE j.account = ? AND (j.created_at, j.id) < (?, ?) AND (? IS NULL OR j.status = ?) AND j.status = 'Failed' ORDER BY j.created_at DESC, j.id DESC LIMIT ?",
    ],
    [
      "the jobs whose turn it is",
      "jobs_queue",
      "SELECT * FROM jobs j INDEXED BY jobs_queue WHERE j.rank = ? AND j.due_at IS NOT NULL AND (j.due_at <= ? OR j.due_at > ? + 900000) AND j.turn < ? ORDER BY j.turn, j.row LIMIT ?",
    ],
    [
      "an account's unfinished jobs",
      "jobs_waiting",
      "SELECT * FROM jobs j WHERE j.account = ? AND j.due_at IS NOT NULL ORDER BY j.row",
    ],
    [
      "the earliest turn that has not ended",
      "jobs_queue",
      "SELECT min(turn) FROM jobs WHERE rank = ? AND due_at IS NOT NULL",
    ],
    [
      "the newest turn served",
      "jobs_served",
      "SELECT max(turn) FROM jobs WHERE rank = ? AND started_at IS NOT NULL",
    ],
    [
      "the dead jobs whose time is over",
      "jobs_expiry",
      "SELECT row, dead_until FROM jobs WHERE dead_until <= ? AND (dead_until, row) > (?, ?) ORDER BY dead_until, row LIMIT ?",
    ],
    ["the next due time", "jobs_due", "SELECT min(due_at) FROM jobs WHERE due_at > ?"],
    [
      "an identity by its external id",
      "identities_external",
      "SELECT 1 FROM identities WHERE collection = ? AND external_id = '?'",
    ],
    [
      "events after a cursor",
      "PRIMARY KEY",
      "SELECT seq FROM events WHERE account = ? AND seq > ? ORDER BY seq LIMIT ?",
    ],
    [
      "the loading of a gallery",
      "faces_gallery",
      "SELECT f.slot, f.identity, v.embedding FROM faces f INDEXED BY faces_gallery JOIN vectors v ON v.slot = f.slot WHERE f.gallery = ? AND f.slot > ? ORDER BY f.slot LIMIT ?",
    ],
  ])("finds %s along %s, without a scan or a sort", (_, index, sql) => {
    const text = plan(sql);
    expect(text).toContain(index);
    expect(text).not.toMatch(/TEMP B-TREE/);
    if (!sql.includes("min(")) expect(text).not.toMatch(/^SCAN/m);
  });

  it("finds a page of unfinished jobs among the unfinished alone, and sorts those", () => {
    const text = plan(
      "SELECT * FROM jobs j INDEXED BY jobs_waiting WHERE j.account = ? AND (j.created_at, j.id) < (?, ?) AND j.status = '?' AND j.due_at IS NOT NULL ORDER BY j.created_at DESC, j.id DESC LIMIT ?",
    );
    expect(text).toMatch(/SEARCH j USING INDEX jobs_waiting/);
  });
});
