import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { openSqliteStorage } from "@prosopon/service/sqlite";
import { toBytes } from "../../packages/service/src/storage/embedding.ts";
import { connect } from "../../packages/service/src/storage/sqlite/connect.ts";
import { createAccount } from "../lib/account.ts";
import { randomValues, recogniser } from "../lib/embedding.ts";

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
const IMAGE_BYTES = 99;
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
  await storage.recognisers.register(recogniser);
  for (const id of [CROWD, TWINS, BUSY]) await createAccount(storage, id);
  await storage.close();
  const db = connect(join(directory, "prosopon.db"), false);
  const [crowd, twins, busy] = [CROWD, TWINS, BUSY].map((id) => placeOf(db, id)) as [Place, Place, Place];
  const same = randomValues();
  fillPeople(db, crowd, identities, metadata, randomValues);
  fillPeople(
    db,
    twins,
    identities,
    () => "{}",
    () => same,
  );
  fillJobs(db, crowd, ended, "Succeeded");
  fillJobs(db, busy, waiting, "Sent");
  fillExpired(db, crowd, ended);
  db.close();
}

/** An account and its one collection, by their rows. */
interface Place {
  id: string;
  account: number;
  collection: number;
  collectionId: string;
}

const placeOf = (db: Database, id: string): Place =>
  db
    .prepare<[string], Place>(
      `SELECT a.id, a.row AS account, c.row AS collection, c.id AS collectionId
       FROM accounts a JOIN collections c ON c.account = a.row WHERE a.id = ?`,
    )
    .get(id)!;

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

function fillPeople(
  db: Database,
  { id: accountId, account, collection }: Place,
  count: number,
  metadataOf: (index: number) => string,
  valuesOf: () => Float32Array,
): void {
  const made = db.prepare<[string], number>("SELECT row FROM recognisers WHERE id = ?").pluck();
  const by = made.get(recogniser.id)!;
  const { lastInsertRowid: gallery } = db
    .prepare("INSERT INTO galleries (collection, recogniser) VALUES (?, ?)")
    .run(collection, by);
  const person = db.prepare(
    "INSERT INTO identities (account, collection, id, external_id, metadata, folded, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const vector = db.prepare("INSERT INTO vectors (recogniser, embedding) VALUES (?, ?)");
  const face = db.prepare(
    "INSERT INTO faces (slot, account, identity, gallery, id, quality, box, confidence, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0.9, ?)",
  );
  batches(db, count, (index) => {
    const id = identityId(accountId, index);
    const text = metadataOf(index);
    const folded = `EXT-${index}\u001fPERSON ${index}`;
    const { lastInsertRowid: row } = person.run(
      account,
      collection,
      id,
      `ext-${index}`,
      text,
      folded,
      index,
      index,
    );
    const { lastInsertRowid: slot } = vector.run(by, toBytes(valuesOf()));
    face.run(slot, account, row, gallery, `face-${id}`, FACE.quality, FACE.box, index);
  });
}

function fillJobs(
  db: Database,
  { account, collection, collectionId }: Place,
  count: number,
  status: "Succeeded" | "Sent",
): void {
  const ended = status === "Succeeded";
  const job = db.prepare(
    `INSERT INTO jobs (account, collection, id, kind, rank, turn, status, payload, due_at, result, created_at, started_at, finished_at)
     VALUES (?, ?, ?, 'search', 0, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const event = db.prepare(
    `INSERT INTO events (account, seq, job, status)
     VALUES (?, (SELECT event_seq + 1 FROM accounts WHERE row = ?), ?, ?)`,
  );
  const counted = db.prepare("UPDATE accounts SET event_seq = event_seq + 1 WHERE row = ?");
  const mention = db.prepare("INSERT INTO mentions (identity, job) VALUES (?, ?)");
  const blob = db.prepare("INSERT INTO job_blobs (job, blob_id, size) VALUES (?, ?, ?)");
  const result = JSON.stringify({
    images: [{ width: 1280, height: 960, faces: [] }],
    candidates: Array.from({ length: 10 }, (_, index) => ({
      identity_id: identityId(CROWD, index),
      face_id: `face-${index}`,
      decision: "possible",
      score: 0.9,
      fpir: 0.04,
      cosine: 0.4,
      margin: 0,
    })),
  });
  batches(db, count, (index) => {
    const blobId = randomBytes(24).toString("base64url");
    const payload = JSON.stringify({
      kind: "search",
      images: [{ blobId, size: IMAGE_BYTES }],
      collectionId,
      maxResult: 10,
    });
    const { lastInsertRowid: row } = job.run(
      account,
      collection,
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
    else blob.run(row, blobId, IMAGE_BYTES);
  });
}

function fillExpired(db: Database, { account }: Place, count: number): void {
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
