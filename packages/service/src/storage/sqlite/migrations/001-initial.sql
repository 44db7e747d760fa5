-- Rows refer to each other by small integers (`row`, `slot`); the ids of the interface are texts of their own.
-- Times are milliseconds since the epoch.

CREATE TABLE accounts (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  client_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  -- Newest event, and the newest that has been forgotten.
  event_seq INTEGER NOT NULL DEFAULT 0,
  event_swept INTEGER NOT NULL DEFAULT 0,
  -- The newest turn of lookups and of imports: it stays when the jobs have ended, so that an account is not taken for a
  -- newcomer with each of its jobs (rules/turn.ts).
  lookup_turn INTEGER NOT NULL DEFAULT 0,
  import_turn INTEGER NOT NULL DEFAULT 0,
  -- What the account has of its quotas (rules/quotas.ts). Triggers keep these, so that they are right whatever changes the rest.
  unfinished_jobs INTEGER NOT NULL DEFAULT 0,
  pending_bytes INTEGER NOT NULL DEFAULT 0,
  identities INTEGER NOT NULL DEFAULT 0,
  faces INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Alignment, network and calibration as one versioned thing: vectors of two of them are never compared.
CREATE TABLE recognisers (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  dimension INTEGER NOT NULL
) STRICT;

CREATE TABLE collections (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL REFERENCES accounts (row),
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- Set while its people are being erased: from then on nobody sees it.
  deleted_at INTEGER,
  identities INTEGER NOT NULL DEFAULT 0,
  faces INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX collections_name ON collections (account, name) WHERE deleted_at IS NULL;
CREATE INDEX collections_page ON collections (account, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX collections_deleted ON collections (deleted_at) WHERE deleted_at IS NOT NULL;

-- What is searched as one: the faces of a collection by one recogniser.
CREATE TABLE galleries (
  row INTEGER PRIMARY KEY AUTOINCREMENT,
  collection INTEGER NOT NULL REFERENCES collections (row),
  recogniser INTEGER NOT NULL REFERENCES recognisers (row),
  UNIQUE (collection, recogniser)
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
  collection INTEGER NOT NULL REFERENCES collections (row),
  id TEXT NOT NULL UNIQUE,
  external_id TEXT,
  metadata TEXT NOT NULL,
  -- External id and metadata.name, folded for the text filter.
  folded TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX identities_external ON identities (collection, external_id) WHERE external_id IS NOT NULL;
-- Long lists are walked in steps: this covers the text filter, so that a step reads no row, which is a page of metadata.
CREATE INDEX identities_text ON identities (collection, created_at, id, folded);

-- Rows here are never deleted, only overwritten by others of the same size. SQLite's secure_delete wipes what it
-- deletes, but not the copies that rebalancing a b-tree leaves in the gaps of its pages (about 1 vector in 3,000 was
-- still readable); a table that only grows at its end and is overwritten in place is never rebalanced.
CREATE TABLE vectors (
  slot INTEGER PRIMARY KEY,
  recogniser INTEGER NOT NULL REFERENCES recognisers (row),
  -- As many float32 as the recogniser has dimensions, little-endian; zeros when free.
  embedding BLOB NOT NULL
) STRICT;
-- A slot is used again for a vector of the same recogniser only, which has the same size.
CREATE TABLE free_slots (
  recogniser INTEGER NOT NULL REFERENCES recognisers (row),
  slot INTEGER NOT NULL,
  PRIMARY KEY (recogniser, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE faces (
  slot INTEGER PRIMARY KEY REFERENCES vectors (slot),
  account INTEGER NOT NULL REFERENCES accounts (row),
  identity INTEGER NOT NULL REFERENCES identities (row),
  gallery INTEGER NOT NULL REFERENCES galleries (row),
  id TEXT NOT NULL UNIQUE,
  quality TEXT NOT NULL,
  box TEXT NOT NULL,
  confidence REAL NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX faces_identity ON faces (identity, created_at);
-- Covers the loading of a gallery.
CREATE INDEX faces_gallery ON faces (gallery, slot, identity);

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
  -- Whose people it is about; NULL for a kind that compares with nobody.
  collection INTEGER,
  kind TEXT NOT NULL,
  -- 0 for lookups, 1 for imports: lower goes first.
  rank INTEGER NOT NULL,
  -- Place in the round of accounts: lower goes first.
  turn INTEGER NOT NULL,
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
  finished_at INTEGER,
  -- Ended Failed because its tries were used up: it can be retried, and keeps its images, until then.
  dead_until INTEGER,
  -- Id of the job that a retry made of it.
  retried_as TEXT,
  -- How often a lease on the job ran out: its worker died with it in hand, for it or for another. From the first on it is suspected (jobs/worker.ts).
  deaths INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX jobs_queue ON jobs (rank, turn, row) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (account, row) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_collection ON jobs (collection) WHERE due_at IS NOT NULL AND collection IS NOT NULL;
-- The newest turn that has been served, read from its end.
CREATE INDEX jobs_served ON jobs (rank, turn) WHERE started_at IS NOT NULL;
-- Whoever lists the jobs of an account that failed would else read all that succeeded in between, a week of them.
CREATE INDEX jobs_failed ON jobs (account, created_at, id) WHERE status = 'Failed';
CREATE INDEX jobs_dead ON jobs (account, created_at, id) WHERE dead_until IS NOT NULL;
CREATE INDEX jobs_expiry ON jobs (dead_until) WHERE dead_until IS NOT NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_page ON jobs (account, created_at, id);
CREATE INDEX jobs_identity ON jobs (identity_id) WHERE identity_id IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Images that unfinished jobs need.
CREATE TABLE job_blobs (
  job INTEGER NOT NULL REFERENCES jobs (row),
  blob_id TEXT NOT NULL,
  -- Bytes that the job keeps; 0 for an upload's image, which counts with the upload.
  size INTEGER NOT NULL,
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

CREATE TRIGGER jobs_begin AFTER INSERT ON jobs WHEN new.due_at IS NOT NULL BEGIN
  UPDATE accounts SET unfinished_jobs = unfinished_jobs + 1 WHERE row = new.account;
END;
CREATE TRIGGER jobs_end AFTER UPDATE OF due_at ON jobs WHEN old.due_at IS NOT NULL AND new.due_at IS NULL BEGIN
  UPDATE accounts SET unfinished_jobs = unfinished_jobs - 1 WHERE row = new.account;
END;
CREATE TRIGGER job_blobs_kept AFTER INSERT ON job_blobs BEGIN
  UPDATE accounts SET pending_bytes = pending_bytes + new.size WHERE row = (SELECT account FROM jobs WHERE row = new.job);
END;
CREATE TRIGGER job_blobs_gone AFTER DELETE ON job_blobs BEGIN
  UPDATE accounts SET pending_bytes = pending_bytes - old.size WHERE row = (SELECT account FROM jobs WHERE row = old.job);
END;
CREATE TRIGGER uploads_kept AFTER INSERT ON uploads BEGIN
  UPDATE accounts SET pending_bytes = pending_bytes + new.size WHERE row = new.account;
END;
CREATE TRIGGER uploads_gone AFTER DELETE ON uploads BEGIN
  UPDATE accounts SET pending_bytes = pending_bytes - old.size WHERE row = old.account;
END;
CREATE TRIGGER identities_more AFTER INSERT ON identities BEGIN
  UPDATE accounts SET identities = identities + 1 WHERE row = new.account;
  UPDATE collections SET identities = identities + 1 WHERE row = new.collection;
END;
CREATE TRIGGER identities_fewer AFTER DELETE ON identities BEGIN
  UPDATE accounts SET identities = identities - 1 WHERE row = old.account;
  UPDATE collections SET identities = identities - 1 WHERE row = old.collection;
END;
CREATE TRIGGER faces_more AFTER INSERT ON faces BEGIN
  UPDATE accounts SET faces = faces + 1 WHERE row = new.account;
  UPDATE collections SET faces = faces + 1 WHERE row = (SELECT collection FROM galleries WHERE row = new.gallery);
END;
CREATE TRIGGER faces_fewer AFTER DELETE ON faces BEGIN
  UPDATE accounts SET faces = faces - 1 WHERE row = old.account;
  UPDATE collections SET faces = faces - 1 WHERE row = (SELECT collection FROM galleries WHERE row = old.gallery);
END;
