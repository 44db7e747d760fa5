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
  disabled boolean NOT NULL,
  created_at bigint NOT NULL
);

-- Newest event of each account, and the newest that has been forgotten. Whoever writes events holds the row until it
-- commits, so numbers are in the order of commits. Narrow and half empty: every update stays on its page.
CREATE TABLE account_heads (
  account integer PRIMARY KEY REFERENCES accounts (row),
  seq bigint NOT NULL DEFAULT 0,
  swept bigint NOT NULL DEFAULT 0,
  -- The newest turn of lookups and of imports: it stays when the jobs have ended, so that an account is not taken for a
  -- newcomer with each of its jobs (rules/turn.ts).
  lookup_turn bigint NOT NULL DEFAULT 0,
  import_turn bigint NOT NULL DEFAULT 0,
  -- What the account has of its quotas (rules/quotas.ts).
  unfinished_jobs bigint NOT NULL DEFAULT 0,
  pending_bytes bigint NOT NULL DEFAULT 0,
  identities bigint NOT NULL DEFAULT 0,
  faces bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Alignment, network and calibration as one versioned thing: vectors of two of them are never compared.
CREATE TABLE recognisers (
  row smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text COLLATE "C" NOT NULL UNIQUE,
  dimension integer NOT NULL
);

CREATE TABLE collections (
  row integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account integer NOT NULL REFERENCES accounts (row),
  id text COLLATE "C" NOT NULL UNIQUE,
  name text COLLATE "C" NOT NULL,
  settings json NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  -- Set while its people are being erased: from then on nobody sees it.
  deleted_at bigint,
  identities bigint NOT NULL DEFAULT 0,
  faces bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX collections_name ON collections (account, name) WHERE deleted_at IS NULL;
CREATE INDEX collections_page ON collections (account, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX collections_deleted ON collections (deleted_at) WHERE deleted_at IS NOT NULL;

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
  collection integer NOT NULL,
  id text COLLATE "C" NOT NULL UNIQUE,
  external_id text COLLATE "C",
  metadata json NOT NULL,
  -- External id and metadata.name, folded for the text filter.
  folded text COLLATE "C" NOT NULL,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL
);
CREATE UNIQUE INDEX identities_external ON identities (collection, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX identities_page ON identities (collection, created_at, id);

CREATE TABLE faces (
  slot bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account integer NOT NULL,
  identity bigint NOT NULL REFERENCES identities (row),
  gallery integer NOT NULL,
  id text COLLATE "C" NOT NULL UNIQUE,
  quality json NOT NULL,
  box json NOT NULL,
  confidence double precision NOT NULL,
  has_crop boolean NOT NULL,
  created_at bigint NOT NULL
);
CREATE INDEX faces_identity ON faces (identity, created_at, slot);

-- A partition for each recogniser (recognisers.ts), whose vectors have one size. In it every row has the same size, no column is
-- ever NULL and none is ever updated: a page that holds as many rows as fit has no byte left of the rows it held before.
-- Erasure rests on it (decisions/022). PLAIN keeps vectors of up to 2,000 dimensions on these pages.
CREATE TABLE vectors (
  slot bigint NOT NULL,
  identity bigint NOT NULL,
  gallery integer NOT NULL,
  recogniser smallint NOT NULL,
  embedding vector NOT NULL
) PARTITION BY LIST (recogniser);
ALTER TABLE vectors ALTER COLUMN embedding SET STORAGE PLAIN;
-- By slot first: a face is read and deleted by its slot alone, where an index by recogniser first would be read whole.
CREATE UNIQUE INDEX vectors_slot ON vectors (slot, recogniser);
CREATE INDEX vectors_gallery ON vectors (gallery);
CREATE INDEX vectors_identity ON vectors (identity);

-- Also where a transfer copies recognisers.
CREATE FUNCTION make_vectors_partition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE vectors_%1$s PARTITION OF vectors (CHECK (vector_dims(embedding) = %2$s)) FOR VALUES IN (%1$s)
    WITH (autovacuum_vacuum_scale_factor = 0.02)', new.row, new.dimension);
  -- Of the parent only the type is inherited.
  EXECUTE format('ALTER TABLE vectors_%s ALTER COLUMN embedding SET STORAGE PLAIN, ALTER COLUMN embedding SET STATISTICS 0', new.row);
  RETURN NULL;
END $$;
CREATE TRIGGER recognisers_partition AFTER INSERT ON recognisers FOR EACH ROW EXECUTE FUNCTION make_vectors_partition();

-- What is searched as one: the faces of a collection by one recogniser. Which of them came and went is numbered for each
-- gallery in the order of commits: what a node that holds it in memory has to catch up on. `pruned` is the newest change
-- that has been forgotten.
CREATE TABLE galleries (
  row integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  collection integer NOT NULL,
  recogniser smallint NOT NULL REFERENCES recognisers (row),
  seq bigint NOT NULL DEFAULT 0,
  pruned bigint NOT NULL DEFAULT 0,
  faces bigint NOT NULL DEFAULT 0,
  UNIQUE (collection, recogniser)
) WITH (fillfactor = 50);
CREATE TABLE gallery_changes (
  gallery integer NOT NULL,
  seq bigint NOT NULL,
  slot bigint NOT NULL,
  identity bigint NOT NULL,
  gone boolean NOT NULL,
  PRIMARY KEY (gallery, seq)
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
  -- Whose people it is about; NULL for a kind that compares with nobody.
  collection integer,
  kind text NOT NULL,
  -- 0 for lookups, 1 for imports: lower goes first.
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
  finished_at bigint,
  -- Ended Failed because its tries were used up: it can be retried, and keeps its images, until then.
  dead_until bigint,
  -- Id of the job that a retry made of it.
  retried_as text COLLATE "C",
  -- How often a lease on the job ran out: its worker died with it in hand, for it or for another. From the first on it is suspected (jobs/worker.ts).
  deaths integer NOT NULL DEFAULT 0
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);
CREATE INDEX jobs_queue ON jobs (rank, turn, row) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (account, rank, turn) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_collection ON jobs (collection) WHERE due_at IS NOT NULL AND collection IS NOT NULL;
-- The newest turn that has been served, read from its end.
CREATE INDEX jobs_served ON jobs (rank, turn) WHERE started_at IS NOT NULL;
CREATE INDEX jobs_page ON jobs (account, created_at, id);
-- Whoever lists the jobs of an account that failed would else read all that succeeded in between, a week of them.
CREATE INDEX jobs_failed ON jobs (account, created_at, id) WHERE status = 'Failed';
CREATE INDEX jobs_dead ON jobs (account, created_at, id) WHERE dead_until IS NOT NULL;
CREATE INDEX jobs_identity ON jobs (account, identity_id) WHERE identity_id IS NOT NULL;
CREATE INDEX jobs_ended ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Images that unfinished jobs need.
CREATE TABLE job_blobs (
  job bigint NOT NULL REFERENCES jobs (row) ON DELETE CASCADE,
  blob_id text COLLATE "C" NOT NULL,
  -- Bytes that the job keeps; 0 for an upload's image, which counts with the upload.
  size bigint NOT NULL,
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

-- ANALYZE keeps samples of what it reads in pg_statistic, where no erasure reaches and where whoever owns a table reads them:
-- of embeddings, keys and hashes it keeps none.
ALTER TABLE vectors ALTER COLUMN embedding SET STATISTICS 0;
ALTER TABLE crop_keys ALTER COLUMN key SET STATISTICS 0;
ALTER TABLE secrets ALTER COLUMN bytes SET STATISTICS 0;
ALTER TABLE accounts ALTER COLUMN secret_hash SET STATISTICS 0;
