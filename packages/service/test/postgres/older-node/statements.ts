/**
 * What a node of schema version 1 sends: frozen as it was in packages/service/src/storage/postgres before migration 002
 * (git show cb5fb6d), with constants filled in. Such nodes work while their successors migrate, so this is never adapted to a
 * migration: one under which it no longer works has to say so (`-- needs: N`), and a node of version N takes its place here.
 */

const JOB_COLUMNS = `j.row, j.account, (SELECT a.id FROM accounts a WHERE a.row = j.account) AS account_id, j.id, j.kind, j.rank,
  j.turn, j.status, j.payload, j.attempts, j.lease_id, j.identity_id, j.result, j.error, j.created_at, j.started_at, j.finished_at`;

export const CREATE_ACCOUNT = `INSERT INTO accounts (id, client_id, name, secret_hash, settings, disabled, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING row`;
export const CREATE_HEADS =
  "WITH e AS (INSERT INTO event_heads (account) VALUES ($1)) INSERT INTO gallery_heads (account) VALUES ($1)";
export const ACCOUNT_ROW = "SELECT row FROM accounts WHERE id = $1";

export const ENQUEUE = `
  INSERT INTO jobs AS j (account, id, kind, rank, turn, status, payload, due_at, identity_id, created_at)
  SELECT $1::int, $2, $3, $4::smallint, greatest(
      coalesce((SELECT turn FROM jobs WHERE rank = $4::smallint AND due_at IS NOT NULL AND status = 'Sent' AND due_at <= $6::bigint
        ORDER BY rank, turn, row LIMIT 1), 0),
      coalesce((SELECT max(turn) + 1 FROM jobs WHERE account = $1::int AND rank = $4::smallint AND due_at IS NOT NULL), 0)),
    'Sent', $5::json, $6::bigint, $7, $6::bigint
  ON CONFLICT (id) DO NOTHING
  RETURNING ${JOB_COLUMNS}`;
export const ENQUEUE_IMAGES =
  "INSERT INTO job_blobs (job, blob_id) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING";

export const CLAIM = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.due_at IS NOT NULL AND j.due_at <= $1
         ORDER BY j.rank, j.turn, j.row LIMIT $2 FOR UPDATE SKIP LOCKED`;
export const TAKE = `UPDATE jobs j SET status = 'Started', attempts = attempts + 1, lease_id = l.lease_id, due_at = $3, started_at = coalesce(started_at, $4)
         FROM unnest($1::bigint[], $2::text[]) AS l (row, lease_id) WHERE j.row = l.row`;

export const RENEW = `WITH held AS (
               SELECT j.row FROM jobs j JOIN unnest($1::text[], $2::text[]) AS l (id, lease_id)
                 ON j.id = l.id COLLATE "C" AND j.lease_id = l.lease_id COLLATE "C"
               WHERE j.status = 'Started' ORDER BY j.row FOR UPDATE OF j)
             UPDATE jobs SET due_at = $3 FROM held WHERE jobs.row = held.row RETURNING jobs.id`;
export const RELEASE = `UPDATE jobs j SET status = 'Sent', due_at = $3, lease_id = NULL, attempts = attempts - $4
             WHERE j.id = $1 AND j.lease_id = $2 AND j.status = 'Started' RETURNING ${JOB_COLUMNS}`;

export const HOLD_LEASED = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.id = $1 AND j.lease_id = $2 FOR UPDATE`;
export const END = `WITH freed AS (DELETE FROM job_blobs WHERE job = $1)
       UPDATE jobs SET status = $2, result = $3, error = $4, identity_id = coalesce($5, identity_id), finished_at = $6, due_at = NULL
       WHERE row = $1`;

/** A later statement of the same command sees the rows that `held` waited for, since UPDATE looks at the newest version of a row. */
export const RECORD_EVENTS = `
  WITH change AS (
    SELECT * FROM unnest($1::int[], $2::bigint[], $3::text[]) WITH ORDINALITY AS c (account, job, status, place)
  ), held AS (
    SELECT account FROM event_heads WHERE account = ANY ($1::int[]) ORDER BY account FOR NO KEY UPDATE
  ), moved AS (
    UPDATE event_heads h SET seq = h.seq + c.count
    FROM (SELECT account, count(*) FROM change JOIN held USING (account) GROUP BY account) c
    WHERE h.account = c.account RETURNING h.account, h.seq - c.count AS base
  )
  INSERT INTO events (account, seq, job, status)
  SELECT account, base + row_number() OVER (PARTITION BY account ORDER BY place), job, status FROM change JOIN moved USING (account)
  RETURNING account, seq, job`;
export const HEADS = "SELECT account, seq FROM event_heads";
export const READ_EVENTS = `SELECT c.account, a.id AS account_id, e.seq, j.id AS job_id, e.status
       FROM unnest($1::int[], $2::bigint[]) AS c (account, seq) JOIN accounts a ON a.row = c.account
       CROSS JOIN LATERAL (SELECT * FROM events e WHERE e.account = c.account AND e.seq > c.seq ORDER BY e.seq LIMIT 1000) e
       JOIN jobs j ON j.row = e.job
       ORDER BY e.account, e.seq LIMIT 1000`;

export const INSERT_IDENTITY = `INSERT INTO identities (account, id, external_id, metadata, folded, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
     ON CONFLICT (account, external_id) WHERE external_id IS NOT NULL DO NOTHING RETURNING row`;
export const INSERT_FACE = `WITH face AS (
         INSERT INTO faces (account, identity, id, quality, box, confidence, has_crop, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING slot)
       INSERT INTO vectors (slot, identity, account, embedding) SELECT slot, $2, $1, $9::vector FROM face RETURNING slot`;
export const INSERT_CROP =
  "WITH k AS (INSERT INTO crop_keys (slot, key) VALUES ($1, $2)) INSERT INTO crops (slot, sealed) VALUES ($1, $3)";
export const NAME_CANDIDATES = `WITH named AS (SELECT row, id FROM identities WHERE account = $1 AND id = ANY ($2::text[]) ORDER BY row FOR KEY SHARE),
         noted AS (INSERT INTO mentions (identity, job) SELECT row, $3 FROM named ON CONFLICT DO NOTHING)
       SELECT id FROM named`;

export const RECORD_CHANGES = `WITH head AS (
       UPDATE gallery_heads SET seq = seq + $2, faces = faces + $3 WHERE account = $1 RETURNING seq - $2 AS base),
     written AS (
       INSERT INTO gallery_changes (account, seq, slot, identity, gone)
       SELECT $1, base + place, slot, identity, $4 FROM head, unnest($5::bigint[], $6::bigint[]) WITH ORDINALITY AS f (slot, identity, place))
     SELECT base FROM head`;
export const GALLERY_HEAD = "SELECT seq FROM gallery_heads WHERE account = $1";
export const LOAD_GALLERY =
  "SELECT slot, identity, vector_send(embedding) AS sent FROM vectors WHERE account = $1";
export const CATCH_UP = `SELECT h.pruned, c.seq, c.slot, c.identity, c.gone, vector_send(v.embedding) AS sent
       FROM gallery_heads h LEFT JOIN LATERAL (
         SELECT * FROM gallery_changes c WHERE c.account = h.account AND c.seq > $2 ORDER BY c.seq LIMIT 5000) c ON true
       LEFT JOIN vectors v ON v.slot = c.slot AND NOT c.gone
       WHERE h.account = $1 ORDER BY c.seq`;
export const SCAN = `SELECT slot, identity, distance, vector_send(embedding) AS sent FROM (
         SELECT slot, identity, embedding, embedding <#> $2::vector AS distance FROM vectors
         WHERE account = $1 ORDER BY embedding <#> $2::vector LIMIT $3) n`;
export const NAMES =
  "SELECT f.slot, f.id AS face_id, i.id AS identity_id FROM faces f JOIN identities i ON i.row = f.identity WHERE f.slot = ANY ($1::bigint[])";

export const JOBS_OF = `SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.account = $1 AND j.identity_id = ANY ($2::text[]) ORDER BY j.row FOR UPDATE`;
export const HOLD_IDENTITIES =
  "SELECT row, id FROM identities WHERE account = $1 AND id = ANY ($2::text[]) ORDER BY row FOR UPDATE";
export const IMAGES_OF = "SELECT blob_id FROM job_blobs WHERE job = ANY ($1::bigint[])";
export const FORGET_JOB = "UPDATE jobs SET payload = $2, result = NULL WHERE row = $1";
export const MENTIONING = `SELECT j.row, j.result FROM jobs j WHERE j.row IN (SELECT job FROM mentions WHERE identity = ANY ($1::bigint[]))
     ORDER BY j.row FOR NO KEY UPDATE`;
export const FORGET_CANDIDATES = "UPDATE jobs SET result = $2 WHERE row = $1";
export const DELETE_MENTIONS = "DELETE FROM mentions WHERE identity = ANY ($1::bigint[])";
export const DELETE_FACES = "DELETE FROM faces WHERE identity = ANY ($1::bigint[]) RETURNING slot, identity";
export const DELETE_CROPS = "DELETE FROM crops WHERE slot = ANY ($1::bigint[])";
export const ERASE = (["vectors", "crop_keys"] as const).map((relation) => ({
  relation,
  sql: `WITH gone AS (DELETE FROM ${relation} WHERE slot = ANY ($1::bigint[]) RETURNING (ctid::text::point)[0]::bigint AS block)
           INSERT INTO erasures (relation, block) SELECT DISTINCT $2, block FROM gone`,
}));
export const DELETE_IDENTITIES = "DELETE FROM identities WHERE row = ANY ($1::bigint[])";

export const REFERENCED_BLOBS = "SELECT blob_id FROM job_blobs UNION SELECT blob_id FROM uploads";
