import type { StoredResult } from "../../types.ts";
import { keepMentioned, mentioned } from "../../rules/mentions.ts";
import type { Context } from "../context.ts";
import type { JobRow } from "./record.ts";

/** Searches of one step, which has the event loop for some 10 ms. */
const BATCH = 500;

/** Inside a transaction: takes an identity out of the answers of the next searches that name it. True when there may be more. */
export type ForgetMentions = (identity: { row: number; id: string }) => boolean;

export function createForgetMentions({ db }: Context): ForgetMentions {
  // The primary key of mentions.
  const naming = db.prepare<[number, number], { row: number; result: string | null }>(
    "SELECT j.row, j.result FROM mentions m JOIN jobs j ON j.row = m.job WHERE m.identity = ? ORDER BY m.job LIMIT ?",
  );
  const rewrite = db.prepare("UPDATE jobs SET result = ? WHERE row = ?");
  const drop = db.prepare("DELETE FROM mentions WHERE identity = ? AND job = ?");

  return ({ row: identity, id }) => {
    const jobs = naming.all(identity, BATCH);
    for (const { row, result } of jobs) {
      drop.run(identity, row);
      if (result === null) continue;
      const kept = keepMentioned(JSON.parse(result) as StoredResult, (named) => named !== id);
      rewrite.run(JSON.stringify(kept), row);
    }
    return jobs.length === BATCH;
  };
}

/** Inside the transaction that ends a job: notes whom its answer names. One deleted since the search was made is left out of it. */
export type NoteMentions = (job: Pick<JobRow, "row" | "account">, result: StoredResult) => StoredResult;

export function createNoteMentions({ db }: Context): NoteMentions {
  const identityRow = db
    .prepare<[string, number], number>("SELECT row FROM identities WHERE id = ? AND account = ?")
    .pluck();
  const note = db.prepare("INSERT OR IGNORE INTO mentions (identity, job) VALUES (?, ?)");

  return (job, result) => {
    const there = new Set<string>();
    for (const id of mentioned(result)) {
      const identity = identityRow.get(id, job.account);
      if (identity === undefined) continue;
      note.run(identity, job.row);
      there.add(id);
    }
    return keepMentioned(result, (id) => there.has(id));
  };
}
