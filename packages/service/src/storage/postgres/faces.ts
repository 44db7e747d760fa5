import type { Box, FaceQuality } from "@prosopon/core/contract";
import type { FaceRecord, NewFace, Storage } from "../types.ts";
import type { Context } from "./context.ts";
import { openCrop, sealCrop } from "./crops.ts";
import type { Database, Transaction } from "./database.ts";
import type { Erasure } from "./erasure/erasure.ts";
import { storable, toJson } from "./text.ts";
import { type Change, recordChanges } from "./matching/changes.ts";
import { countPeople } from "./jobs/usage.ts";
import { toVector } from "./vector.ts";

interface Row {
  id: string;
  slot: number;
  identity: number;
  identity_id: string;
  quality: FaceQuality;
  box: Box;
  confidence: number;
  has_crop: boolean;
  created_at: number;
}

const SELECT = `SELECT f.id, f.slot, f.identity, i.id AS identity_id, f.quality, f.box, f.confidence, f.has_crop, f.created_at
  FROM faces f JOIN identities i ON i.row = f.identity JOIN collections c ON c.row = i.collection AND c.deleted_at IS NULL`;

/** Whose faces they are, by internal numbers. */
export interface Holder {
  account: number;
  collection: number;
  identity: number;
}

/** Inside a transaction that holds the identity. */
export type InsertFaces = ReturnType<typeof createInsertFaces>;

export const createInsertFaces =
  ({ recognisers }: Pick<Context, "recognisers">) =>
  async (
    { query }: Pick<Transaction, "query">,
    { account, collection, identity }: Holder,
    faces: readonly NewFace[],
    now: number,
  ): Promise<void> => {
    const came: Change[] = [];
    for (const { id, quality, box, confidence, crop, embedding } of faces) {
      const recogniser = await recognisers.get(embedding.recogniser);
      const gallery = await galleryOf({ query }, collection, recogniser.row);
      const [{ slot } = { slot: -1 }] = await query<{ slot: number }>(
        `WITH face AS (
           INSERT INTO faces (account, identity, gallery, id, quality, box, confidence, has_crop, created_at)
           VALUES ($1, $2, $10, $3, $4, $5, $6, $7, $8) RETURNING slot)
         INSERT INTO vectors (slot, identity, gallery, recogniser, embedding) SELECT slot, $2, $10, $11, $9::vector FROM face RETURNING slot`,
        [
          account,
          identity,
          id,
          toJson(quality),
          toJson(box),
          confidence,
          crop !== undefined,
          now,
          toVector(embedding.values),
          gallery,
          recogniser.row,
        ],
      );
      came.push({ gallery, slot, identity });
      if (!crop) continue;
      const { key, sealed } = sealCrop(crop);
      await query(
        "WITH k AS (INSERT INTO crop_keys (slot, key) VALUES ($1, $2)) INSERT INTO crops (slot, sealed) VALUES ($1, $3)",
        [slot, key, sealed],
      );
    }
    await recordChanges({ query }, came, "came");
  };

/** Made with its first face. */
async function galleryOf(
  { query }: Pick<Transaction, "query">,
  collection: number,
  recogniser: number,
): Promise<number> {
  for (;;) {
    const [found] = await query<{ row: number }>(
      "SELECT row FROM galleries WHERE collection = $1 AND recogniser = $2",
      [collection, recogniser],
    );
    if (found) return found.row;
    await query("INSERT INTO galleries (collection, recogniser) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
      collection,
      recogniser,
    ]);
  }
}

/** By identity row; each oldest first. faces_identity */
export async function facesOf(
  read: Database["read"],
  identities: readonly number[],
): Promise<Map<number, FaceRecord[]>> {
  if (identities.length === 0) return new Map();
  const rows = await read<Row>(
    `${SELECT} WHERE f.identity = ANY ($1::bigint[]) ORDER BY f.identity, f.created_at, f.slot`,
    [identities],
  );
  const grouped = Map.groupBy(rows, (row) => row.identity);
  return new Map([...grouped].map(([identity, found]) => [identity, found.map(record)]));
}

export function createFaces({ read, accountRow, transaction }: Context, erasure: Erasure): Storage["faces"] {
  return {
    async get(accountId, faceId) {
      const [row] = await read<Row>(`${SELECT} WHERE f.id = $1 AND f.account = $2`, [
        storable(faceId),
        await accountRow(accountId),
      ]);
      return row && record(row);
    },
    async crop(accountId, faceId) {
      const [row] = await read<{ sealed: Buffer; key: Buffer }>(
        `SELECT p.sealed, k.key FROM faces f JOIN crops p ON p.slot = f.slot JOIN crop_keys k ON k.slot = f.slot
         JOIN identities i ON i.row = f.identity JOIN collections c ON c.row = i.collection AND c.deleted_at IS NULL
         WHERE f.id = $1 AND f.account = $2`,
        [storable(faceId), await accountRow(accountId)],
      );
      return row && openCrop(row);
    },
    async delete(accountId, faceId, now) {
      const account = await accountRow(accountId);
      return transaction(async (tx) => {
        const [face] = await tx.query<{ identity: number }>(
          "SELECT identity FROM faces WHERE id = $1 AND account = $2",
          [storable(faceId), account],
        );
        // Held first, so that two deletions don't both take another face for the one that stays.
        const [held] = face
          ? await tx.query<{ collection: number }>(
              "SELECT collection FROM identities WHERE row = $1 FOR NO KEY UPDATE",
              [face.identity],
            )
          : [];
        if (!held) return "missing";
        const all = await tx.query<{ id: string; slot: number; gallery: number }>(
          "SELECT id, slot, gallery FROM faces WHERE identity = $1",
          [face!.identity],
        );
        const gone = all.find(({ id }) => id === faceId);
        if (!gone) return "missing";
        if (all.length === 1) return "last";
        await tx.query("DELETE FROM faces WHERE slot = $1", [gone.slot]);
        await erasure.erase(tx, [gone.slot]);
        await recordChanges(tx, [{ ...gone, identity: face!.identity }], "went");
        await countPeople(tx, account, [{ ...held, identities: 0, faces: -1 }]);
        await tx.query("UPDATE identities SET updated_at = $2 WHERE row = $1", [face!.identity, now]);
        return "deleted";
      });
    },
  };
}

function record(row: Row): FaceRecord {
  return {
    id: row.id,
    identityId: row.identity_id,
    quality: row.quality,
    confidence: row.confidence,
    box: row.box,
    hasCrop: row.has_crop,
    createdAt: row.created_at,
  };
}
