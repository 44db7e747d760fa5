import { join } from "node:path";
import type { Storage } from "@prosopon/service";
import { openSqliteStorage } from "@prosopon/service/sqlite";
import { connect } from "../../packages/service/src/storage/sqlite/connect.ts";
import { createContext } from "../../packages/service/src/storage/sqlite/context.ts";
import { createErasure } from "../../packages/service/src/storage/sqlite/erasure.ts";
import { createFaces } from "../../packages/service/src/storage/sqlite/faces.ts";
import type { CollectionKey } from "../../packages/service/src/storage/types.ts";
import { createAccount } from "../lib/account.ts";
import { DIMENSION, embeddingOf, recogniser } from "../lib/embedding.ts";
import { faceId, identityId, type SyntheticGallery } from "./gallery.ts";

const BATCH = 10_000;
const seen = {
  quality: {
    score: 0.91,
    size: 61.5,
    sharpness: 0.82,
    exposure: 0.77,
    pose: { yaw: 1.25, pitch: -2.5, roll: 0.75 },
    reasons: [],
  },
  confidence: 0.987,
  box: { x: 120.5, y: 80.25, width: 210.75, height: 250.5 },
};

/** Fills a data directory past the queue, with the storage's own writer, 10,000 faces a transaction. */
export async function fillDirectly(
  directory: string,
  gallery: SyntheticGallery,
): Promise<{ key: CollectionKey; perSecond: number }> {
  const storage = await openSqliteStorage({ directory });
  await storage.recognisers.register(recogniser);
  const key = await createAccount(storage);
  await storage.close();
  const db = connect(join(directory, "prosopon.db"), false);
  const context = createContext(db, createErasure(db));
  const faces = createFaces(context);
  const of = { account: context.accountRow(key.accountId)!, collection: context.collectionRow(key)! };
  const insertIdentity = db.prepare(
    "INSERT INTO identities (account, collection, id, metadata, folded, created_at, updated_at) VALUES (?, ?, ?, '{}', '', ?, ?)",
  );
  const start = performance.now();
  let person = -1;
  let identity = 0;
  for (let from = 0; from < gallery.faces; from += BATCH) {
    context.transaction(() => {
      for (let face = from; face < Math.min(from + BATCH, gallery.faces); face++) {
        if (gallery.people[face] !== person) {
          person = gallery.people[face]!;
          const id = identityId(person);
          identity = Number(
            insertIdentity.run(of.account, of.collection, id, person, person).lastInsertRowid,
          );
        }
        const embedding = embeddingOf(gallery.vectors.subarray(face * DIMENSION, (face + 1) * DIMENSION));
        faces.insert({ ...of, identity }, [{ id: faceId(face), embedding, ...seen }], face);
      }
    });
  }
  const seconds = (performance.now() - start) / 1000;
  db.close();
  return { key, perSecond: gallery.faces / seconds };
}

/** Enqueue, claim and finish, as the service does it: three commits each. Returns enrolments per second. */
export async function enrolOneByOne(storage: Storage, count: number): Promise<number> {
  await storage.recognisers.register(recogniser);
  const { accountId, collectionId } = await createAccount(storage);
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    await storage.jobs.enqueue({
      id: `job-${i}`,
      accountId,
      payload: { kind: "enrol", images: [], collectionId },
      now: i,
    });
    const [job] = await storage.jobs.claim({ limit: 1, leaseMs: 60_000, maxAttempts: 1, now: i });
    const values = new Float32Array(DIMENSION);
    values[i % DIMENSION] = 1;
    const outcome = {
      type: "enrolled" as const,
      identityId: identityId(i),
      metadata: {},
      result: { face_ids: [faceId(i)] },
      faces: [{ id: faceId(i), embedding: embeddingOf(values), ...seen }],
    };
    await storage.jobs.finish({ jobId: job!.id, leaseId: job!.leaseId }, outcome, i);
  }
  return Math.round(count / ((performance.now() - start) / 1000));
}
