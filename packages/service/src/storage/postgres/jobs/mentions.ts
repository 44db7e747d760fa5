import type { StoredResult } from "../../types.ts";
import { keepMentioned } from "../../rules/mentions.ts";
import type { Transaction } from "../database.ts";
import { toJson } from "../text.ts";

/** Searches of one step. */
const BATCH = 1_000;

/** Takes identities out of the answers of the next searches that name them. True when there may be more. */
export async function forgetMentions(
  { query }: Transaction,
  identities: readonly { row: number; id: string }[],
): Promise<boolean> {
  const rows = identities.map(({ row }) => row);
  const ids = new Set(identities.map(({ id }) => id));
  // The key of mentions.
  const naming = await query<{ job: number }>(
    "SELECT job FROM mentions WHERE identity = ANY ($1::bigint[]) ORDER BY identity, job LIMIT $2",
    [rows, BATCH],
  );
  const jobs = [...new Set(naming.map(({ job }) => job))];
  const found = await query<{ row: number; result: StoredResult }>(
    "SELECT row, result FROM jobs WHERE row = ANY ($1::bigint[]) AND result IS NOT NULL ORDER BY row FOR NO KEY UPDATE",
    [jobs],
  );
  await query(
    "UPDATE jobs j SET result = b.result::json FROM unnest($1::bigint[], $2::text[]) AS b (row, result) WHERE j.row = b.row",
    [
      found.map(({ row }) => row),
      found.map(({ result }) => toJson(keepMentioned(result, (named) => !ids.has(named)))),
    ],
  );
  await query("DELETE FROM mentions WHERE identity = ANY ($1::bigint[]) AND job = ANY ($2::bigint[])", [
    rows,
    jobs,
  ]);
  return naming.length === BATCH;
}
