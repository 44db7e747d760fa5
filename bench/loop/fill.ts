import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { openSqliteStorage } from "@prosopon/service/sqlite";
import { connect } from "../../packages/service/src/storage/sqlite/connect.ts";

type Database = ReturnType<typeof connect>;

export interface Sizes {
  identities: number;
  /** Ended searches, each with an answer of ten, and expired sessions and uploads. */
  ended: number;
  waiting: number;
}

/** Its people have 3 kB of metadata each, and random faces. */
export const CROWD = "crowd";
/** All its people have one face, to the last bit: nothing can be ruled out without looking at it. */
export const TWINS = "twins";
/** Its jobs wait. */
export const BUSY = "busy";

export const identityId = (account: string, index: number): string => `${account}-${index}`;

const BATCH = 5_000;
const FACE = {
  quality: JSON.stringify({
    score: 0.9,
    size: 60,
    sharpness: 0.8,
    exposure: 0.7,
    pose: { yaw: 1, pitch: 2, roll: 3 },
    reasons: [],
  }),
  box: JSON.stringify({ x: 1, y: 2, width: 30, height: 40 }),
};

/** A data directory with more in it than a week of work leaves, written past the queue. */
export async function fill(directory: string, { identities, ended, waiting }: Sizes): Promise<void> {
  const storage = await openSqliteStorage({ directory });
  for (const id of [CROWD, TWINS, BUSY])
    await storage.accounts.create({
      id,
      clientId: id,
      name: "Bench",
      secretHash: "none",
      settings: { keepCrops: false, refuseMixedIdentities: false },
      disabled: false,
      createdAt: 1,
    });
  await storage.close();
  const db = connect(join(directory, "prosopon.db"), false);
  const [crowd, twins, busy] = [CROWD, TWINS, BUSY].map(
    (id) => (db.prepare("SELECT row FROM accounts WHERE id = ?").get(id) as { row: number }).row,
  ) as [number, number, number];
  const same = embedding();
  fillPeople(db, { row: crowd, id: CROWD }, identities, metadata, embedding);
  fillPeople(
    db,
    { row: twins, id: TWINS },
    identities,
    () => "{}",
    () => same,
  );
  fillJobs(db, crowd, ended, "Succeeded");
  fillJobs(db, busy, waiting, "Sent");
  fillExpired(db, crowd, ended);
  db.close();
}

/** 3 kB in sixty keys: parsing them is what a filter costs. */
function metadata(index: number): string {
  const more = Array.from({ length: 57 }, (_, key) => [
    `field-${key}`,
    randomBytes(22).toString("base64url"),
  ]);
  return JSON.stringify({
    name: `Person ${index}`,
    team: `team-${index % 100}`,
    active: true,
    ...Object.fromEntries(more),
  });
}

function embedding(): Buffer {
  const values = Float32Array.from({ length: 128 }, () => Math.random() - 0.5);
  const length = Math.hypot(...values);
  return Buffer.from(values.map((value) => value / length).buffer);
}

function fillPeople(
  db: Database,
  account: { row: number; id: string },
  count: number,
  metadataOf: (index: number) => string,
  embeddingOf: () => Buffer,
): void {
  const person = db.prepare(
    "INSERT INTO identities (account, id, external_id, metadata, folded, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const vector = db.prepare("INSERT INTO vectors (embedding) VALUES (?)");
  const face = db.prepare(
    "INSERT INTO faces (slot, account, identity, id, quality, box, confidence, created_at) VALUES (?, ?, ?, ?, ?, ?, 0.9, ?)",
  );
  batches(db, count, (index) => {
    const id = identityId(account.id, index);
    const text = metadataOf(index);
    const folded = `EXT-${index}\u001fPERSON ${index}`;
    const { lastInsertRowid: row } = person.run(account.row, id, `ext-${index}`, text, folded, index, index);
    const { lastInsertRowid: slot } = vector.run(embeddingOf());
    face.run(slot, account.row, row, `face-${id}`, FACE.quality, FACE.box, index);
  });
}

function fillJobs(db: Database, account: number, count: number, status: "Succeeded" | "Sent"): void {
  const ended = status === "Succeeded";
  const job = db.prepare(
    `INSERT INTO jobs (account, id, kind, rank, turn, status, payload, due_at, result, created_at, started_at, finished_at)
     VALUES (?, ?, 'search', 0, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const event = db.prepare(
    `INSERT INTO events (account, seq, job, status)
     VALUES (?, (SELECT event_seq + 1 FROM accounts WHERE row = ?), ?, ?)`,
  );
  const counted = db.prepare("UPDATE accounts SET event_seq = event_seq + 1 WHERE row = ?");
  const mention = db.prepare("INSERT INTO mentions (identity, job) VALUES (?, ?)");
  const blob = db.prepare("INSERT INTO job_blobs (job, blob_id) VALUES (?, ?)");
  const result = JSON.stringify({
    images: [{ width: 1280, height: 960, faces: [] }],
    candidates: Array.from({ length: 10 }, (_, index) => ({
      identity_id: identityId(CROWD, index),
      face_id: `face-${index}`,
      score: 0.9,
      cosine: 0.4,
      margin: 0,
    })),
  });
  batches(db, count, (index) => {
    const blobId = randomBytes(24).toString("base64url");
    const payload = JSON.stringify({ kind: "search", images: [{ blobId, size: 99 }], maxResult: 10 });
    const { lastInsertRowid: row } = job.run(
      account,
      `job-${account}-${index}`,
      2 * index,
      status,
      payload,
      ended ? null : 0,
      ended ? result : null,
      index,
      ended ? index : null,
      ended ? index : null,
    );
    for (const state of ended ? ["Sent", "Started", "Succeeded"] : ["Sent"]) {
      event.run(account, account, row, state);
      counted.run(account);
    }
    if (ended) for (let identity = 1; identity <= 10; identity++) mention.run(identity, row);
    else blob.run(row, blobId);
  });
}

function fillExpired(db: Database, account: number, count: number): void {
  const session = db.prepare(
    "INSERT INTO sessions (id, account, refresh_id, refresh_expires_at, revoked) VALUES (?, ?, ?, ?, 0)",
  );
  const upload = db.prepare(
    "INSERT INTO uploads (id, account, blob_id, size, expires_at) VALUES (?, ?, ?, 1, ?)",
  );
  batches(db, count, (index) => {
    session.run(`session-${index}`, account, randomBytes(32).toString("base64url"), index);
    upload.run(`upload-${index}`, account, randomBytes(24).toString("base64url"), index);
  });
}

function batches(db: Database, count: number, insert: (index: number) => void): void {
  for (let from = 0; from < count; from += BATCH)
    db.transaction(() => {
      for (let index = from; index < Math.min(from + BATCH, count); index++) insert(index);
    })();
}
