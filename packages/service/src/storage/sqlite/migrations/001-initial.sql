-- Rows refer to each other by small integers (`row`, `slot`); the ids of the interface are texts of their own.
-- Times are milliseconds since the epoch.

CREATE TABLE accounts (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  client_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  settings TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  -- Newest event, and the newest that has been forgotten.
  event_seq INTEGER NOT NULL DEFAULT 0,
  event_swept INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts (row),
  refresh_id TEXT NOT NULL,
  refresh_expires_at INTEGER NOT NULL,
  revoked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_expiry ON sessions (refresh_expires_at);

CREATE TABLE identities (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL REFERENCES accounts (row),
  id TEXT NOT NULL UNIQUE,
  external_id TEXT,
  metadata TEXT NOT NULL,
  -- External id and metadata.name, folded for the text filter.
  folded TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX identities_external ON identities (account, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX identities_page ON identities (account, created_at, id);

-- Rows here are never deleted, only overwritten by others of the same size. SQLite's secure_delete wipes what it
-- deletes, but not the copies that rebalancing a b-tree leaves in the gaps of its pages (about 1 vector in 3,000 was
-- still readable); a table that only grows at its end and is overwritten in place is never rebalanced.
CREATE TABLE vectors (
  slot INTEGER PRIMARY KEY,
  -- 128 float32, little-endian; zeros when free.
  embedding BLOB NOT NULL CHECK (length(embedding) = 512)
) STRICT;
CREATE TABLE free_slots (slot INTEGER PRIMARY KEY) STRICT;

CREATE TABLE faces (
  slot INTEGER PRIMARY KEY REFERENCES vectors (slot),
  account INTEGER NOT NULL REFERENCES accounts (row),
  identity INTEGER NOT NULL REFERENCES identities (row),
  id TEXT NOT NULL UNIQUE,
  quality TEXT NOT NULL,
  box TEXT NOT NULL,
  confidence REAL NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX faces_identity ON faces (identity, created_at);
-- Covers the loading of an account's gallery.
CREATE INDEX faces_gallery ON faces (account, slot, identity);

-- The padding fills the part of the row that shares a page with others, so that the picture lies on pages of its own,
-- which are never rebalanced and which secure_delete wipes whole.
CREATE TABLE crops (
  slot INTEGER PRIMARY KEY REFERENCES faces (slot),
  padding BLOB NOT NULL CHECK (length(padding) = 4096),
  jpeg BLOB NOT NULL
) STRICT;

CREATE TABLE jobs (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL REFERENCES accounts (row),
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  -- 0 for searches and recognitions, 1 for enrolments: lower goes first.
  rank INTEGER NOT NULL,
  status TEXT NOT NULL,
  payload TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  -- Sent: not before this time. Started: when the lease runs out. NULL once ended.
  due_at INTEGER,
  lease_id TEXT,
  identity_id TEXT,
  result TEXT,
  error TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
) STRICT;
CREATE INDEX jobs_queue ON jobs (rank, account, row) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_page ON jobs (account, created_at, id);
CREATE INDEX jobs_identity ON jobs (identity_id) WHERE identity_id IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Images that unfinished jobs need.
CREATE TABLE job_blobs (
  job INTEGER NOT NULL REFERENCES jobs (row),
  blob_id TEXT NOT NULL,
  PRIMARY KEY (job, blob_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_blobs_blob ON job_blobs (blob_id);

-- Which searches list an identity among their candidates, so that erasing it reaches them.
CREATE TABLE mentions (
  identity INTEGER NOT NULL REFERENCES identities (row),
  job INTEGER NOT NULL REFERENCES jobs (row),
  PRIMARY KEY (identity, job)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_job ON mentions (job);

CREATE TABLE events (
  account INTEGER NOT NULL REFERENCES accounts (row),
  seq INTEGER NOT NULL,
  job INTEGER NOT NULL REFERENCES jobs (row),
  status TEXT NOT NULL,
  PRIMARY KEY (account, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_job ON events (job);

CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts (row),
  blob_id TEXT NOT NULL,
  size INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_blob ON uploads (blob_id);
CREATE INDEX uploads_expiry ON uploads (expires_at);

CREATE TABLE secrets (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
