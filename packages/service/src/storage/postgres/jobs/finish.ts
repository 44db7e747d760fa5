import { keepMentioned, mentioned } from "../../rules/mentions.ts";
import { checkEmbedding } from "../../embedding.ts";
import { usedUp } from "../../rules/quotas.ts";
import type { JobOutcome, NewFace, Quotas, Storage, StoredResult } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Prepared, Transaction } from "../database.ts";
import type { Events } from "../events.ts";
import type { Holder, InsertFaces } from "../faces.ts";
import { insertIdentity } from "../identities/insert.ts";
import { storable } from "../text.ts";
import type { Ending } from "../../rules/ends.ts";
import type { EndJobs } from "./end.ts";
import { COLLECTION_GONE } from "../../rules/collections.ts";
import { JOB_COLUMNS, type JobRow } from "./record.ts";
import { countPeople } from "./usage.ts";

const TAKEN =
  "The external id of this enrolment already belongs to another identity of the collection. Add the images to that identity, or choose another external id.";

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
  { transaction, recognisers }: Context,
  events: Events,
  end: EndJobs,
  insertFaces: InsertFaces,
): Storage["jobs"]["finish"] {
  return async ({ jobId, leaseId }, outcome, now, quotas = {}) => {
    for (const { embedding } of newFaces(outcome))
      checkEmbedding(embedding, await recognisers.get(embedding.recogniser));
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

  /** Written, then counted: whoever counts holds the head of the account, and with it the numbers. */
  async function applyWithin(
    { identities = Infinity, faces = Infinity }: Partial<Quotas>,
    tx: Transaction,
    job: JobRow,
    outcome: JobOutcome,
    now: number,
  ): Promise<Ending> {
    const came = newFaces(outcome).length;
    if (came === 0) return apply(tx, job, outcome, now);
    const bounded = identities < Infinity || faces < Infinity;
    if (bounded) await tx.query("SAVEPOINT before");
    const ending = await apply(tx, job, outcome, now);
    if (ending.status === "Failed") return ending;
    const enrolled = outcome.type === "enrolled";
    const [holder] = await tx.query<{ collection: number }>(
      "SELECT collection FROM identities WHERE id = $1 AND account = $2",
      [storable(ending.identityId!), job.account],
    );
    const more = { ...holder!, identities: enrolled ? 1 : 0, faces: came };
    const there = await countPeople(tx, job.account, [more]);
    const over =
      enrolled && there.identities > identities
        ? usedUp("identities", identities)
        : there.faces > faces && usedUp("faces", faces);
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
        // Its deletion ends this job first, or finds whom it enrolled.
        const [collection] = await tx.query<{ row: number }>(
          "SELECT row FROM collections WHERE row = $1 AND deleted_at IS NULL",
          [job.collection],
        );
        if (!collection) return { status: "Failed", error: COLLECTION_GONE };
        const holder = { account: job.account, collection: collection.row };
        const row = await insertIdentity(tx, {
          ...holder,
          id: identityId,
          externalId,
          metadata,
          now,
        });
        if (row === undefined) return { status: "Failed", error: TAKEN };
        // Identities before galleries, as their deletion takes them.
        const kept = await withMentions(tx, job, result);
        await insertFaces(tx, { ...holder, identity: row }, outcome.faces, now);
        return { status: "Succeeded", result: kept, identityId };
      }
      case "faces-added": {
        const [identity] = await tx.query<Holder>(
          `UPDATE identities SET updated_at = $3 WHERE id = $1 AND account = $2
           RETURNING account, collection, row AS identity`,
          [storable(outcome.identityId), job.account, now],
        );
        if (!identity) return { status: "Failed", error: outcome.goneError };
        const kept = await withMentions(tx, job, outcome.result);
        await insertFaces(tx, identity, outcome.faces, now);
        return { status: "Succeeded", result: kept, identityId: outcome.identityId };
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
