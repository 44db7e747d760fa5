import { usedUp } from "../../rules/quotas.ts";
import type { JobOutcome, Quotas, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { FaceWriter } from "../faces.ts";
import { foldForSearch } from "../../rules/fold.ts";
import { COLLECTION_GONE } from "../../rules/collections.ts";
import type { Ending } from "../../rules/ends.ts";
import type { EndJob } from "./end.ts";
import type { NoteMentions } from "./mentions.ts";
import { JOB_COLUMNS, type JobRow } from "./record.ts";

const TAKEN =
  "The external id of this enrolment already belongs to another identity of the collection. Add the images to that identity, or choose another external id.";

/** What the job changed and its end in one commit, under its lease: a second finish finds no lease and changes nothing. */
export function createFinish(
  { db, patientTransaction: transaction }: Context,
  faces: FaceWriter,
  end: EndJob,
  noteMentions: NoteMentions,
): Storage["jobs"]["finish"] {
  const held = db.prepare<[string, string], JobRow>(
    `SELECT ${JOB_COLUMNS} FROM jobs j JOIN accounts a ON a.row = j.account
     WHERE j.id = ? AND j.lease_id = ? AND j.status = 'Started'`,
  );
  const insertIdentity = db.prepare(
    `INSERT INTO identities (account, collection, id, external_id, metadata, folded, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  // identities_external
  const externalIdTaken = db.prepare("SELECT 1 FROM identities WHERE collection = ? AND external_id = ?");
  const identityRow = db
    .prepare<[string, number], number>("SELECT row FROM identities WHERE id = ? AND account = ?")
    .pluck();
  const collectionThere = db.prepare("SELECT 1 FROM collections WHERE row = ? AND deleted_at IS NULL");
  const collectionOf = db
    .prepare<[number], number>("SELECT collection FROM identities WHERE row = ?")
    .pluck();
  const touch = db.prepare("UPDATE identities SET updated_at = ? WHERE row = ?");

  // Kept by triggers.
  const count = db.prepare<[number], { identities: number; faces: number }>(
    "SELECT identities, faces FROM accounts WHERE row = ?",
  );

  return async ({ jobId, leaseId }, outcome, now, quotas = {}) =>
    transaction(() => {
      const job = held.get(jobId, leaseId);
      if (!job) return { finished: false };
      const ending = overQuota(job.account, outcome, quotas) ?? apply(job, outcome, now);
      end(job, ending, now);
      return { finished: true, status: ending.status };
    });

  function overQuota(
    account: number,
    outcome: JobOutcome,
    { identities: most = Infinity, faces: mostFaces = Infinity }: Partial<Quotas>,
  ): Ending | undefined {
    if (outcome.type !== "enrolled" && outcome.type !== "faces-added") return undefined;
    const { identities, faces: there } = count.get(account)!;
    if (outcome.type === "enrolled" && identities >= most)
      return { status: "Failed", error: usedUp("identities", most) };
    if (there + outcome.faces.length > mostFaces)
      return { status: "Failed", error: usedUp("faces", mostFaces) };
    return undefined;
  }

  function apply(job: JobRow, outcome: JobOutcome, now: number): Ending {
    switch (outcome.type) {
      case "failed":
        return { status: "Failed", error: outcome.error, deadUntil: outcome.deadUntil };
      case "enrolled": {
        const { identityId, externalId, metadata, result } = outcome;
        const { collection } = job;
        if (collection === null || !collectionThere.get(collection))
          return { status: "Failed", error: COLLECTION_GONE };
        if (externalId !== undefined && externalIdTaken.get(collection, externalId))
          return { status: "Failed", error: TAKEN };
        const folded = foldForSearch(externalId, metadata);
        const { lastInsertRowid } = insertIdentity.run(
          job.account,
          collection,
          identityId,
          externalId ?? null,
          JSON.stringify(metadata),
          folded,
          now,
          now,
        );
        faces.insert(
          { account: job.account, collection, identity: Number(lastInsertRowid) },
          outcome.faces,
          now,
        );
        return { status: "Succeeded", result: noteMentions(job, result), identityId };
      }
      case "faces-added": {
        const identity = identityRow.get(outcome.identityId, job.account);
        if (identity === undefined) return { status: "Failed", error: outcome.goneError };
        faces.insert(
          { account: job.account, collection: collectionOf.get(identity)!, identity },
          outcome.faces,
          now,
        );
        touch.run(now, identity);
        return {
          status: "Succeeded",
          result: noteMentions(job, outcome.result),
          identityId: outcome.identityId,
        };
      }
      case "answered":
        return {
          status: "Succeeded",
          result: noteMentions(job, outcome.result),
          ...(outcome.identityId !== undefined && { identityId: outcome.identityId }),
        };
    }
  }
}
