import type { FaceRecord, NewFace, Storage } from "../types.ts";
import type { Context } from "./context.ts";
import { checkEmbedding, toBytes } from "../embedding.ts";

export interface FaceWriter {
  /** Inside a transaction; the galleries follow at the commit. */
  insert(of: Holder, faces: readonly NewFace[], now: number): void;
  /** Inside a transaction: overwrites embeddings and crops, and has the log emptied of them. */
  erase(slots: readonly number[]): void;
}

/** Whose faces they are, by internal numbers. */
export interface Holder {
  account: number;
  collection: number;
  identity: number;
}

export interface FaceReader {
  /** By identity row; each oldest first. */
  ofIdentities(identities: readonly number[]): Map<number, FaceRecord[]>;
}

interface Row {
  id: string;
  slot: number;
  identity: number;
  identity_id: string;
  quality: string;
  box: string;
  confidence: number;
  has_crop: number;
  created_at: number;
}

const SELECT = `SELECT f.id, f.slot, f.identity, i.id AS identity_id, f.quality, f.box, f.confidence, f.created_at,
    EXISTS (SELECT 1 FROM crops c WHERE c.slot = f.slot) AS has_crop
  FROM faces f JOIN identities i ON i.row = f.identity JOIN collections c ON c.row = i.collection AND c.deleted_at IS NULL`;

export function createFaces(context: Context): Storage["faces"] & FaceWriter & FaceReader {
  const { db, gallery, erasure, accountRow, recognisers, transaction, afterCommit } = context;
  const freeSlot = db
    .prepare<[number], number>(
      `DELETE FROM free_slots WHERE (recogniser, slot) =
         (SELECT recogniser, slot FROM free_slots WHERE recogniser = ? ORDER BY slot LIMIT 1) RETURNING slot`,
    )
    .pluck();
  const appendVector = db.prepare("INSERT INTO vectors (recogniser, embedding) VALUES (?, ?)");
  const overwriteVector = db.prepare("UPDATE vectors SET embedding = ? WHERE slot = ?");
  const insertFace = db.prepare(
    "INSERT INTO faces (slot, account, identity, gallery, id, quality, box, confidence, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const insertCrop = db.prepare("INSERT INTO crops (slot, padding, jpeg) VALUES (?, zeroblob(4096), ?)");
  const insertGallery = db.prepare(
    "INSERT INTO galleries (collection, recogniser) VALUES (?, ?) ON CONFLICT DO NOTHING",
  );
  const galleryOf = db
    .prepare<[number, number], number>("SELECT row FROM galleries WHERE collection = ? AND recogniser = ?")
    .pluck();
  const wipeVector = db.prepare("UPDATE vectors SET embedding = zeroblob(length(embedding)) WHERE slot = ?");
  const dropCrop = db.prepare("DELETE FROM crops WHERE slot = ?");
  const dropFace = db.prepare<[number], number>("DELETE FROM faces WHERE slot = ? RETURNING gallery").pluck();
  const freed = db.prepare(
    "INSERT INTO free_slots (recogniser, slot) SELECT recogniser, slot FROM vectors WHERE slot = ?",
  );
  // faces_identity
  const ofIdentities = db.prepare<[string], Row>(
    `${SELECT} WHERE f.identity IN (SELECT value FROM json_each(?)) ORDER BY f.identity, f.created_at, f.slot`,
  );
  const byId = db.prepare<[string, number], Row>(`${SELECT} WHERE f.id = ? AND f.account = ?`);
  const crop = db
    .prepare<[string, number], Buffer>(
      `SELECT p.jpeg FROM faces f JOIN crops p ON p.slot = f.slot JOIN identities i ON i.row = f.identity
       JOIN collections c ON c.row = i.collection AND c.deleted_at IS NULL WHERE f.id = ? AND f.account = ?`,
    )
    .pluck();
  const count = db.prepare<[number], number>("SELECT count(*) FROM faces WHERE identity = ?").pluck();
  const touch = db.prepare("UPDATE identities SET updated_at = ? WHERE row = ?");

  const faces: Storage["faces"] & FaceWriter & FaceReader = {
    insert({ account, collection, identity }, added, now) {
      for (const { id, embedding, quality, box, confidence, crop: jpeg } of added) {
        const recogniser = recognisers.get(embedding.recogniser);
        checkEmbedding(embedding, recogniser);
        insertGallery.run(collection, recogniser.row);
        const held = galleryOf.get(collection, recogniser.row)!;
        const bytes = toBytes(embedding.values);
        const free = freeSlot.get(recogniser.row);
        if (free !== undefined) overwriteVector.run(bytes, free);
        const slot = free ?? Number(appendVector.run(recogniser.row, bytes).lastInsertRowid);
        insertFace.run(
          slot,
          account,
          identity,
          held,
          id,
          JSON.stringify(quality),
          JSON.stringify(box),
          confidence,
          now,
        );
        if (jpeg) insertCrop.run(slot, jpeg);
        afterCommit(() => gallery.add(held, [{ slot, identity, vector: embedding.values }]));
      }
    },
    erase(slots) {
      const gone = new Map<number, number[]>();
      for (const slot of slots) {
        dropCrop.run(slot);
        const held = dropFace.get(slot);
        if (held === undefined) continue;
        wipeVector.run(slot);
        freed.run(slot);
        const own = gone.get(held);
        if (own) own.push(slot);
        else gone.set(held, [slot]);
      }
      afterCommit(() => {
        for (const [held, own] of gone) gallery.remove(held, own);
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
        faces.erase([face.slot]);
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
