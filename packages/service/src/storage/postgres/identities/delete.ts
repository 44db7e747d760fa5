import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { Erasure } from "../erasure/erasure.ts";
import type { Events } from "../events.ts";
import { endJobs } from "../jobs/end.ts";
import { forget, lockJobsOf } from "../jobs/forget.ts";
import type { ForgetMentions } from "../jobs/mentions.ts";
import { recordChanges } from "../matching/changes.ts";
import { storable } from "../text.ts";
import { unneeded } from "../uploads.ts";

export function createDelete(
  { accountRow, transaction }: Context,
  events: Events,
  erasure: Erasure,
  forgetMentions: ForgetMentions,
): Storage["identities"]["delete"] {
  return async (accountId, identityIds, now) => {
    const account = await accountRow(accountId);
    const wanted = [...new Set(identityIds.map(storable))];
    const { gone, ...answer } = await transaction(async (tx) => {
      const before = await lockJobsOf(tx, account, wanted);
      // No job can be started for these from here on (enqueue holds FOR KEY SHARE), and none of them matched or compared.
      const identities = await tx.query<{ row: number; id: string }>(
        "SELECT row, id FROM identities WHERE account = $1 AND id = ANY ($2::text[]) ORDER BY row FOR UPDATE",
        [account, wanted],
      );
      const found = new Set(identities.map(({ id }) => id));
      const missing = wanted.filter((id) => !found.has(id));
      if (missing.length > 0) return { deleted: false, missing, blobIds: [], gone: [] };

      // Again, for a job that was started between the two locks.
      const own = [
        ...before,
        ...(await lockJobsOf(tx, account, wanted)).filter(
          ({ row }) => !before.some((job) => job.row === row),
        ),
      ];
      const { blobIds, ended } = await forget(tx, identities, own, endJobs, now);
      const rows = identities.map(({ row }) => row);
      const faces = await tx.query<{ slot: number; identity: number }>(
        "DELETE FROM faces WHERE identity = ANY ($1::bigint[]) RETURNING slot, identity",
        [rows],
      );
      await erasure.erase(
        tx,
        faces.map(({ slot }) => slot),
      );
      await recordChanges(tx, account, faces, "went");
      await tx.query("DELETE FROM identities WHERE row = ANY ($1::bigint[])", [rows]);
      const freed = await unneeded(tx, blobIds);
      await events.record(tx, ended);
      return { deleted: true, missing: [], blobIds: freed, gone: identities };
    });
    // They are deleted, whatever becomes of this: a sweep goes on with it.
    await forgetMentions(gone).catch(() => {});
    return answer;
  };
}
