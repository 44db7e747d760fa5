import { keepMentioned, mentioned } from "../../rules/mentions.ts";
import { checkEmbedding } from "../../embedding.ts";
import { usedUp } from "../../rules/quotas.ts";
import type { JobOutcome, NewFace, Quotas, Storage, StoredResult } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Prepared, Transaction } from "../database.ts";
import type { Events } from "../events.ts";
import type { InsertFaces } from "../faces.ts";
import { insertIdentity } from "../identities/insert.ts";
import { storable } from "../text.ts";
import type { EndJobs, Ending } from "./end.ts";
import { JOB_COLUMNS, type JobRow } from "./record.ts";

const TAKEN =
  "The external id of this enrolment already belongs to another identity of the account. Add the images to that identity, or choose another external id.";

const LEASED: Prepared = {
  name: "leased",
  text: `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.id = $1 AND j.lease_id = $2 FOR UPDATE`,
};

const MENTION: Prepared = {
  name: "mention",
  text: `
  WITH named AS (SELECT row, id FROM identities WHERE account = $1 AND id = ANY ($2::text[]) ORDER BY row FOR KEY SHARE),
    noted AS (INSERT INTO mentions (identity, job) SELECT row, $3 FROM named ON CONFLICT DO NOTHING)
  SELECT id FROM named`,
};

/** What the job changed and its end in one commit, under its lease: a second finish changes nothing. Locks: job, identities, heads. */
export function createFinish(
  { transaction }: Context,
  events: Events,
  end: EndJobs,
  insertFaces: InsertFaces,
): Storage["jobs"]["finish"] {
  return async ({ jobId, leaseId }, outcome, now, quotas = {}) => {
    for (const face of newFaces(outcome)) checkEmbedding(face.embedding);
    let tried = false;
    return transaction(
      async (tx) => {
        const [job] = await tx.query<JobRow>(LEASED, [jobId, leaseId]);
        if (job?.status !== "Started") {
          // Ended under this lease by a try whose answer was lost with the connection.
          const ended =
            tried && (job?.status === "Succeeded" || job?.status === "Failed") ? job.status : undefined;
          return ended ? { finished: true, status: ended } : { finished: false };
        }
        tried = true;
        const ending = await applyWithin(quotas, tx, job, outcome, now);
        await events.record(tx, await end(tx, [{ job, ending }], now));
        return { finished: true, status: ending.status };
      },
      { repeatable: true },
    );
  };

  /** Written, then counted: only whoever has changed the gallery holds its head, and with it the numbers. */
  async function applyWithin(
    { identities = Infinity, faces = Infinity }: Partial<Quotas>,
    tx: Transaction,
    job: JobRow,
    outcome: JobOutcome,
    now: number,
  ): Promise<Ending> {
    if (newFaces(outcome).length === 0 || (identities === Infinity && faces === Infinity))
      return apply(tx, job, outcome, now);
    await tx.query("SAVEPOINT before");
    const ending = await apply(tx, job, outcome, now);
    if (ending.status === "Failed") return ending;
    // identities_page, as a covering index.
    const [there] = await tx.query<{ faces: number; identities: number | null }>(
      `SELECT faces, CASE WHEN $2 THEN (SELECT count(*) FROM identities WHERE account = $1) END AS identities
       FROM gallery_heads WHERE account = $1`,
      [job.account, identities < Infinity && outcome.type === "enrolled"],
    );
    const over =
      (there!.identities ?? 0) > identities
        ? usedUp("identities", identities)
        : there!.faces > faces && usedUp("faces", faces);
    if (!over) return ending;
    await tx.query("ROLLBACK TO SAVEPOINT before");
    return { status: "Failed", error: over };
  }

  async function apply(tx: Transaction, job: JobRow, outcome: JobOutcome, now: number): Promise<Ending> {
    switch (outcome.type) {
      case "failed":
        return { status: "Failed", error: outcome.error, deadUntil: outcome.deadUntil };
      case "enrolled": {
        const { identityId, externalId, metadata, result } = outcome;
        const row = await insertIdentity(tx, {
          account: job.account,
          id: identityId,
          externalId,
          metadata,
          now,
        });
        if (row === undefined) return { status: "Failed", error: TAKEN };
        await insertFaces(tx, { account: job.account, identity: row }, outcome.faces, now);
        return { status: "Succeeded", result, identityId };
      }
      case "faces-added": {
        const [identity] = await tx.query<{ row: number }>(
          "UPDATE identities SET updated_at = $3 WHERE id = $1 AND account = $2 RETURNING row",
          [storable(outcome.identityId), job.account, now],
        );
        if (!identity) return { status: "Failed", error: outcome.goneError };
        await insertFaces(tx, { account: job.account, identity: identity.row }, outcome.faces, now);
        return { status: "Succeeded", result: outcome.result, identityId: outcome.identityId };
      }
      case "answered":
        return {
          status: "Succeeded",
          result: await withMentions(tx, job, outcome.result),
          ...(outcome.identityId !== undefined && { identityId: outcome.identityId }),
        };
    }
  }

  /** Notes whom the answer names; one deleted since the search was made is left out of it, one deleted from now on finds the note. */
  async function withMentions(
    { query }: Transaction,
    job: JobRow,
    result: StoredResult,
  ): Promise<StoredResult> {
    const ids = mentioned(result).map(storable);
    if (ids.length === 0) return result;
    const named = await query<{ id: string }>(MENTION, [job.account, ids, job.row]);
    const there = new Set(named.map(({ id }) => id));
    return keepMentioned(result, (id) => there.has(id));
  }
}

function newFaces(outcome: JobOutcome): NewFace[] {
  return outcome.type === "enrolled" || outcome.type === "faces-added" ? outcome.faces : [];
}
