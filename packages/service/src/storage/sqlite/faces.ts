import type { FaceRecord, NewFace, Storage } from "../types.ts";
import type { Context } from "./context.ts";
import { checkEmbedding, toBytes } from "../embedding.ts";

export interface FaceWriter {
  /** Inside a transaction; the gallery follows at the commit. */
  insert(account: number, identity: number, faces: readonly NewFace[], now: number): void;
  /** Inside a transaction: overwrites embeddings and crops, and has the log emptied of them. */
  erase(account: number, slots: readonly number[]): void;
}

export interface FaceReader {
  /** By identity row; each oldest first. */
  ofIdentities(identities: readonly number[]): Map<number, FaceRecord[]>;
}

interface Row {
  id: string;
  slot: number;
  account: number;
  identity: number;
  identity_id: string;
  quality: string;
  box: string;
  confidence: number;
  has_crop: number;
  created_at: number;
}

const SELECT = `SELECT f.id, f.slot, f.account, f.identity, i.id AS identity_id, f.quality, f.box, f.confidence, f.created_at,
    EXISTS (SELECT 1 FROM crops c WHERE c.slot = f.slot) AS has_crop
  FROM faces f JOIN identities i ON i.row = f.identity`;

export function createFaces(context: Context): Storage["faces"] & FaceWriter & FaceReader {
  const { db, gallery, erasure, accountRow, transaction, afterCommit } = context;
  const freeSlot = db
    .prepare<[], number>(
      "DELETE FROM free_slots WHERE slot = (SELECT min(slot) FROM free_slots) RETURNING slot",
    )
    .pluck();
  const appendVector = db.prepare("INSERT INTO vectors (embedding) VALUES (?)");
  const overwriteVector = db.prepare("UPDATE vectors SET embedding = ? WHERE slot = ?");
  const insertFace = db.prepare(
    "INSERT INTO faces (slot, account, identity, id, quality, box, confidence, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const insertCrop = db.prepare("INSERT INTO crops (slot, padding, jpeg) VALUES (?, zeroblob(4096), ?)");
  const wipeVector = db.prepare("UPDATE vectors SET embedding = zeroblob(512) WHERE slot = ?");
  const dropCrop = db.prepare("DELETE FROM crops WHERE slot = ?");
  const dropFace = db.prepare("DELETE FROM faces WHERE slot = ?");
  const freed = db.prepare("INSERT INTO free_slots (slot) VALUES (?)");
  // faces_identity
  const ofIdentities = db.prepare<[string], Row>(
    `${SELECT} WHERE f.identity IN (SELECT value FROM json_each(?)) ORDER BY f.identity, f.created_at, f.slot`,
  );
  const byId = db.prepare<[string, number], Row>(`${SELECT} WHERE f.id = ? AND f.account = ?`);
  const crop = db
    .prepare<[string, number], Buffer>(
      "SELECT c.jpeg FROM faces f JOIN crops c ON c.slot = f.slot WHERE f.id = ? AND f.account = ?",
    )
    .pluck();
  const count = db.prepare<[number], number>("SELECT count(*) FROM faces WHERE identity = ?").pluck();
  const touch = db.prepare("UPDATE identities SET updated_at = ? WHERE row = ?");

  const faces: Storage["faces"] & FaceWriter & FaceReader = {
    insert(account, identity, added, now) {
      const stored = added.map(({ id, embedding, quality, box, confidence, crop: jpeg }) => {
        checkEmbedding(embedding);
        const bytes = toBytes(embedding);
        const free = freeSlot.get();
        if (free !== undefined) overwriteVector.run(bytes, free);
        const slot = free ?? Number(appendVector.run(bytes).lastInsertRowid);
        insertFace.run(
          slot,
          account,
          identity,
          id,
          JSON.stringify(quality),
          JSON.stringify(box),
          confidence,
          now,
        );
        if (jpeg) insertCrop.run(slot, jpeg);
        return { slot, identity, vector: embedding };
      });
      afterCommit(() => gallery.add(account, stored));
    },
    erase(account, slots) {
      for (const slot of slots) {
        dropCrop.run(slot);
        dropFace.run(slot);
        wipeVector.run(slot);
        freed.run(slot);
      }
      afterCommit(() => {
        gallery.remove(account, slots);
        erasure.schedule();
      });
    },
    ofIdentities(identities) {
      const byIdentity = new Map<number, FaceRecord[]>();
      for (const row of ofIdentities.all(JSON.stringify(identities))) {
        const known = byIdentity.get(row.identity);
        if (known) known.push(record(row));
        else byIdentity.set(row.identity, [record(row)]);
      }
      return byIdentity;
    },
    async get(accountId, faceId) {
      const row = byId.get(faceId, accountRow(accountId) ?? -1);
      return row && record(row);
    },
    async crop(accountId, faceId) {
      return crop.get(faceId, accountRow(accountId) ?? -1);
    },
    async delete(accountId, faceId, now) {
      return transaction(() => {
        const face = byId.get(faceId, accountRow(accountId) ?? -1);
        if (!face) return "missing";
        if (count.get(face.identity) === 1) return "last";
        faces.erase(face.account, [face.slot]);
        touch.run(now, face.identity);
        return "deleted";
      });
    },
  };
  return faces;
}

function record(row: Row): FaceRecord {
  return {
    id: row.id,
    identityId: row.identity_id,
    quality: JSON.parse(row.quality),
    confidence: row.confidence,
    box: JSON.parse(row.box),
    hasCrop: row.has_crop === 1,
    createdAt: row.created_at,
  };
}
