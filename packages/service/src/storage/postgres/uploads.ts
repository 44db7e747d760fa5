import { inSteps } from "../../turns.ts";
import { checkUsage } from "../rules/quotas.ts";
import { type Storage, StorageError, type Usage } from "../types.ts";
import type { Context } from "./context.ts";
import type { Transaction } from "./database.ts";
import { eraseUploads, lockHolders } from "./erase-uploads.ts";
import { letGo, USAGE } from "./jobs/usage.ts";
import { storable } from "./text.ts";

/** Uploads swept in one step. */
const BATCH = 1_000;

interface Row {
  id: string;
  blob_id: string;
  size: number;
  expires_at: number;
}

/** A row when it is there, from now or, where the connection broke, from before. */
const CREATE = `
  WITH there AS (SELECT 1 AS found FROM uploads WHERE id = $1),
  head AS (
    UPDATE account_heads SET pending_bytes = pending_bytes + $4::bigint
    WHERE account = $2::int AND NOT EXISTS (SELECT 1 FROM there) AND pending_bytes + $4::bigint <= $6::bigint RETURNING 1),
  written AS (
    INSERT INTO uploads (id, account, blob_id, size, expires_at) SELECT $1, $2::int, $3, $4::bigint, $5::bigint FROM head RETURNING 1 AS found)
  SELECT found FROM there UNION ALL SELECT found FROM written`;

export function createUploads({ read, transaction, accountRow }: Context): Storage["uploads"] {
  return {
    async create({ id, accountId, image, expiresAt }, quotas = {}) {
      const account = await accountRow(accountId);
      if (account < 0) throw new StorageError("not-found", "There is no such account to upload to.");
      const { pendingBytes = Infinity } = quotas;
      const values = [id, account, image.blobId, image.size, expiresAt];
      await transaction(
        async ({ query }) => {
          for (;;) {
            const [written] = await query(CREATE, [
              ...values,
              Math.min(pendingBytes, Number.MAX_SAFE_INTEGER),
            ]);
            if (written) return;
            const [usage] = await query<Usage>(USAGE, [account]);
            checkUsage(usage!, { unfinishedJobs: 0, pendingBytes: image.size }, quotas);
          }
        },
        { repeatable: true, single: true },
      );
    },
    async get(accountId, uploadId, now) {
      const [row] = await read<Row>(
        "SELECT id, blob_id, size, expires_at FROM uploads WHERE id = $1 AND account = $2 AND expires_at > $3",
        [storable(uploadId), await accountRow(accountId), now],
      );
      return (
        row && {
          id: row.id,
          accountId,
          image: { blobId: row.blob_id, size: row.size },
          expiresAt: row.expires_at,
        }
      );
    },
    async delete(accountId, uploadId, now) {
      const account = await accountRow(accountId);
      return transaction(async (tx) => {
        const ids = [storable(uploadId)];
        // Jobs first, as every transaction takes them; then again, for one that was started between.
        await lockHolders(tx, account, ids);
        const found = await tx.query(
          "SELECT 1 FROM uploads WHERE id = $1 AND account = $2 AND expires_at > $3 FOR UPDATE",
          [...ids, account, now],
        );
        if (found.length === 0) return { deleted: false, reason: "unknown" };
        const holders = await lockHolders(tx, account, ids);
        if (holders.some((job) => job.finished_at === null)) return { deleted: false, reason: "needed" };
        const { blobIds, freed: size } = await eraseUploads(tx, account, ids, now);
        const unused = await unneeded(tx, blobIds);
        await letGo(tx, [{ account, size }]);
        return { deleted: true, blobIds: unused };
      });
    },
    async sweep(now, signal) {
      const freed: string[] = [];
      await inSteps(async () => {
        const gone = await transaction(async (tx) => {
          // uploads_expiry, job_blobs_blob; what a job is being written for just now is passed over.
          const swept = await tx.query<{ blob_id: string; account: number; size: number }>(
            `DELETE FROM uploads WHERE id IN (SELECT id FROM uploads u WHERE expires_at <= $1
               AND NOT EXISTS (SELECT 1 FROM job_blobs b WHERE b.blob_id = u.blob_id) ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
             RETURNING blob_id, account, size`,
            [now, BATCH],
          );
          await letGo(tx, swept);
          return swept;
        });
        freed.push(...gone.map((row) => row.blob_id));
        return gone.length === BATCH;
      }, signal);
      return freed;
    },
  };
}

/** Those that no unfinished job and no upload needs: job_blobs_blob, uploads_blob. */
export async function unneeded({ query }: Transaction, blobIds: readonly string[]): Promise<string[]> {
  if (blobIds.length === 0) return [];
  const rows = await query<{ blob_id: string }>(
    `SELECT DISTINCT blob_id FROM unnest($1::text[]) AS b (blob_id)
     WHERE NOT EXISTS (SELECT 1 FROM job_blobs j WHERE j.blob_id = b.blob_id COLLATE "C")
       AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.blob_id = b.blob_id COLLATE "C")`,
    [blobIds],
  );
  return rows.map((row) => row.blob_id);
}
