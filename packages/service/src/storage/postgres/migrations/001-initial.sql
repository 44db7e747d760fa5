-- needs: 1
-- Rows refer to each other by small integers (`row`, `slot`); the ids of the interface are texts of their own, compared
-- byte by byte. Times are milliseconds since the epoch. `json` rather than `jsonb` keeps texts as they were sent.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE accounts (
  row integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  client_id text COLLATE "C" NOT NULL CONSTRAINT accounts_client_id UNIQUE,
  name text NOT NULL,
  secret_hash text NOT NULL,
  settings json NOT NULL,
  disabled boolean NOT NULL,
  created_at bigint NOT NULL
);

-- Newest event of each account, and the newest that has been forgotten. Whoever writes events holds the row until it
-- commits, so numbers are in the order of commits. Narrow and half empty: every update stays on its page.
CREATE TABLE event_heads (
  account integer PRIMARY KEY REFERENCES accounts (row),
  seq bigint NOT NULL DEFAULT 0,
  swept bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE sessions (
  id text COLLATE "C" PRIMARY KEY,
  account integer NOT NULL REFERENCES accounts (row),
  refresh_id text COLLATE "C" NOT NULL,
  refresh_expires_at bigint NOT NULL,
  revoked boolean NOT NULL
);
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_expiry ON sessions (refresh_expires_at);

CREATE TABLE identities (
  row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account integer NOT NULL,
  id text COLLATE "C" NOT NULL UNIQUE,
  external_id text COLLATE "C",
  metadata json NOT NULL,
  -- External id and metadata.name, folded for the text filter.
  folded text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL
);
CREATE UNIQUE INDEX identities_external ON identities (account, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX identities_page ON identities (account, created_at, id);

CREATE TABLE faces (
  slot bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account integer NOT NULL,
  identity bigint NOT NULL REFERENCES identities (row),
  id text COLLATE "C" NOT NULL UNIQUE,
  quality json NOT NULL,
  box json NOT NULL,
  confidence double precision NOT NULL,
  has_crop boolean NOT NULL,
  created_at bigint NOT NULL
);
CREATE INDEX faces_identity ON faces (identity, created_at, slot);
CREATE INDEX faces_account ON faces (account);

-- Every row has the same size, no column is ever NULL and none is ever updated: a page that holds as many rows as fit
-- has no byte left of the rows it held before. Erasure rests on it (decisions/022).
CREATE TABLE vectors (
  slot bigint NOT NULL,
  identity bigint NOT NULL,
  account integer NOT NULL,
  embedding vector(128) NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE UNIQUE INDEX vectors_slot ON vectors (slot);
CREATE INDEX vectors_account ON vectors (account);
CREATE INDEX vectors_identity ON vectors (identity);

-- Which faces came and went, numbered for each account in the order of commits: what a node that holds the account's
-- gallery in memory has to catch up on. `pruned` is the newest change that has been forgotten.
CREATE TABLE gallery_heads (
  account integer PRIMARY KEY REFERENCES accounts (row),
  seq bigint NOT NULL DEFAULT 0,
  pruned bigint NOT NULL DEFAULT 0,
  faces bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE TABLE gallery_changes (
  account integer NOT NULL,
  seq bigint NOT NULL,
  slot bigint NOT NULL,
  identity bigint NOT NULL,
  gone boolean NOT NULL,
  PRIMARY KEY (account, seq)
);

-- Pictures of faces, each enciphered under a key of its own; the keys lie in rows of one size, for the same reason.
CREATE TABLE crops (
  slot bigint PRIMARY KEY,
  sealed bytea NOT NULL
);
ALTER TABLE crops ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE TABLE crop_keys (
  slot bigint NOT NULL,
  key bytea NOT NULL CHECK (octet_length(key) = 32)
);
CREATE UNIQUE INDEX crop_keys_slot ON crop_keys (slot);

-- Pages from which vectors or keys were deleted, until nothing of them is left there. A row for each deletion: one that
-- comes while a page is being cleaned has it cleaned again.
CREATE TABLE erasures (
  row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  relation text COLLATE "C" NOT NULL,
  block bigint NOT NULL
);

CREATE TABLE jobs (
  row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account integer NOT NULL,
  id text COLLATE "C" NOT NULL UNIQUE,
  kind text NOT NULL,
  -- 0 for searches and recognitions, 1 for enrolments: lower goes first.
  rank smallint NOT NULL,
  -- Place in the round of accounts (jobs/enqueue.ts): lower goes first.
  turn bigint NOT NULL,
  status text NOT NULL,
  payload json NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- Sent: not before this time. Started: when the lease runs out. NULL once ended.
  due_at bigint,
  lease_id text COLLATE "C",
  identity_id text COLLATE "C",
  result json,
  error text,
  created_at bigint NOT NULL,
  started_at bigint,
  finished_at bigint
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);
CREATE INDEX jobs_queue ON jobs (rank, turn, row) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (account, rank, turn) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_page ON jobs (account, created_at, id);
CREATE INDEX jobs_identity ON jobs (account, identity_id) WHERE identity_id IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Images that unfinished jobs need.
CREATE TABLE job_blobs (
  job bigint NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  blob_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (job, blob_id)
);
CREATE INDEX job_blobs_blob ON job_blobs (blob_id);

-- Which searches list an identity among their candidates, so that erasing it reaches them.
CREATE TABLE mentions (
  identity bigint NOT NULL,
  job bigint NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  PRIMARY KEY (identity, job)
);
CREATE INDEX mentions_job ON mentions (job);

CREATE TABLE events (
  account integer NOT NULL,
  seq bigint NOT NULL,
  job bigint NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  status text NOT NULL,
  PRIMARY KEY (account, seq)
);
CREATE INDEX events_job ON events (job);

CREATE TABLE uploads (
  id text COLLATE "C" PRIMARY KEY,
  account integer NOT NULL,
  blob_id text COLLATE "C" NOT NULL,
  size bigint NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX uploads_blob ON uploads (blob_id);
CREATE INDEX uploads_expiry ON uploads (expires_at);

CREATE TABLE secrets (name text COLLATE "C" PRIMARY KEY, bytes bytea NOT NULL);
