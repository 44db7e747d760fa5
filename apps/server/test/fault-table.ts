import { expect, vi } from "vitest";
import type { RunningServer } from "./command.ts";
import { readText } from "./manifests.ts";

/** How the rows of the table in docs/operations.md begin. Each has tests that bring the fault about. */
export const rows = {
  down: "PostgreSQL is down",
  silent: "PostgreSQL accepts and says nothing",
  readOnly: "read-only",
  refused: "password changed",
  slow: "over `statement_timeout`",
  full: "PostgreSQL's disk is full",
  failing: "out of memory",
  unmounted: "the volume of images is not mounted",
  failingVolume: "the volume of images fails",
  fullVolume: "the disk of images is full",
  objects: "object storage is down",
  objectsRefuse: "object storage refuses",
} as const;

/** What a test saw of a fault. */
export interface Seen {
  /** Of a call that it kept from being done. */
  call: { status: number; retryAfter: string | null; message: string };
  /** Errors in one node's log since the fault began, so far: they come through a pipe. */
  log(): string[];
  /** Of the same node. */
  readyz: { status: number; message: string };
}

export async function tableOfFaults(): Promise<string[][]> {
  const manual = await readText("docs/operations.md");
  const table = /<!-- faults -->\n([^]*?)<!-- \/faults -->/.exec(manual)![1]!;
  return table
    .trim()
    .split("\n")
    .slice(2)
    .map((line) => line.slice(2, -2).split(" | "));
}

/** The manual says what was seen. Its `…` stands for what differs, such as a number. */
export async function expectAsDocumented(row: keyof typeof rows, seen: Seen): Promise<void> {
  const cells = (await tableOfFaults()).find(([fault]) => fault!.startsWith(rows[row]));
  const [, call, retryAfter, log, readyz] = cells!;
  const { status, message } = seen.call;
  expect(`${status} ${message}`).toMatch(pattern(call!));
  expect(seen.call.retryAfter).toBe(retryAfter);
  await vi.waitFor(() => expect(seen.log()).toEqual([log]), { timeout: 60_000 });
  expect(seen.readyz.status).toBe(503);
  const why = seen.readyz.message.replace(/^role \w+: /, "");
  if (readyz === "the same") expect(why).toBe(message);
  else expect(why).toMatch(pattern(readyz!));
}

const pattern = (cell: string): RegExp =>
  new RegExp(`^${cell.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", ".*")}$`);

export async function readiness({ url }: { url: string }): Promise<Seen["readyz"]> {
  const answer = await fetch(`${url}/readyz`);
  const { message = "" } = (await answer.json()) as { message?: string };
  return { status: answer.status, message };
}

/** What the node has logged as an error, from a place of its log on. */
export function errorsOf({ outcome }: Pick<RunningServer, "outcome">, from: number): string[] {
  return outcome.stderr
    .slice(from)
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { level: number; msg: string })
    .filter(({ level }) => level >= 50)
    .map(({ msg }) => msg);
}
