import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { eraseUploads, lockHolders } from "../erase-uploads.ts";
import type { Erasure } from "../erasure/erasure.ts";
import type { Events } from "../events.ts";
import { endJobs } from "../jobs/end.ts";
import { forget, lockJobsOf } from "../jobs/forget.ts";
import { forgetMentions } from "../jobs/mentions.ts";
import type { JobRow } from "../jobs/record.ts";
import { countPeople, letGo } from "../jobs/usage.ts";
import { type Change, recordChanges } from "../matching/changes.ts";
import { storable } from "../text.ts";
import { unneeded } from "../uploads.ts";

interface Identity {
  row: number;
  id: string;
}

/** Those that jobs name. */
const uploadsOf = (jobs: readonly JobRow[]): string[] =>
  jobs.flatMap(({ payload }) => payload.images.flatMap(({ uploadId }) => uploadId ?? []));

export function createDelete(
  context: Context,
  events: Events,
  erasure: Erasure,
): Storage["identities"]["delete"] {
  const { accountRow, transaction } = context;

  return async (accountId, identityIds, now, collectionId) => {
    const account = await accountRow(accountId);
    const wanted = [...new Set(identityIds.map(storable))];
    const read = (lock = "") =>
      `SELECT row, id FROM identities WHERE account = $1 AND id = ANY ($2::text[])
         AND ($3::text IS NULL OR collection = (SELECT row FROM collections WHERE id = $3 AND deleted_at IS NULL)) ORDER BY row ${lock}`;
    const values = [account, wanted, collectionId === undefined ? null : storable(collectionId)];
    const there = await context.read<Identity>(read(), values);
    // In a small gallery every search of a week names everyone, which can be millions: most are forgotten before, in short
    // transactions, as every search that ends waits while the identity is held.
    if (there.length === wanted.length)
      while (await transaction((tx) => forgetMentions(tx, there), { repeatable: true }));
    return transaction(async (tx) => {
      const before = await lockJobsOf(tx, account, wanted);
      await lockHolders(tx, account, uploadsOf(before));
      // No job can be started for these from here on (enqueue holds FOR KEY SHARE), and none of them matched or compared.
      const identities = await tx.query<Identity>(read("FOR UPDATE"), values);
      const found = new Set(identities.map(({ id }) => id));
      const missing = wanted.filter((id) => !found.has(id));
      if (missing.length > 0) return { deleted: false, missing, blobIds: [] };

      // Again, for a job that was started between the two locks.
      const own = [
        ...before,
        ...(await lockJobsOf(tx, account, wanted)).filter(
          ({ row }) => !before.some((job) => job.row === row),
        ),
      ];
      const forgotten = await forget(tx, identities, own, endJobs, now);
      const erased = await eraseUploads(tx, account, uploadsOf(own), now);
      const rows = identities.map(({ row }) => row);
      const faces = await tx.query<Change>(
        "DELETE FROM faces WHERE identity = ANY ($1::bigint[]) RETURNING gallery, slot, identity",
        [rows],
      );
      await erasure.erase(
        tx,
        faces.map(({ slot }) => slot),
      );
      await recordChanges(tx, faces, "went");
      const gone = await tx.query<{ row: number; collection: number }>(
        "DELETE FROM identities WHERE row = ANY ($1::bigint[]) RETURNING row, collection",
        [rows],
      );
      const placed = new Map(gone.map(({ row, collection }) => [row, collection]));
      const freed = await unneeded(tx, [...forgotten.blobIds, ...erased.blobIds]);
      await countPeople(tx, account, [
        ...gone.map(({ collection }) => ({ collection, identities: -1, faces: 0 })),
        ...faces.map(({ identity }) => ({ collection: placed.get(identity)!, identities: 0, faces: -1 })),
      ]);
      await letGo(tx, [{ account, size: forgotten.freed + erased.freed }]);
      await events.record(tx, [...forgotten.ended, ...erased.ended]);
      return { deleted: true, missing: [], blobIds: freed };
    });
  };
}
