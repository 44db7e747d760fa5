-- needs: 1
-- Large accounts that have, or are to get, an HNSW index of their own, `vectors_hnsw_<account>` (decisions/025). The row
-- is written before the index is made and removed after it is dropped, so no index is without one. A node that does not
-- know this table searches such accounts exactly.
CREATE TABLE search_indexes (
  account integer PRIMARY KEY REFERENCES accounts (row),
  -- building, measuring, serving; unfit: measured, and dropped; failed: could not be made, and is tried again later.
  state text NOT NULL,
  -- Of the account when it was measured, or when building began.
  faces bigint NOT NULL,
  changed_at bigint NOT NULL,
  -- How it is searched, and from which cosine on its answer is given without an exact search.
  ef_search integer,
  sure double precision,
  -- What was measured, with new probes: new photos of enrolled people, and strangers.
  probes integer,
  misses integer,
  recall_at_10 double precision,
  answered double precision,
  strangers integer,
  stranger_misses integer,
  index_ms double precision,
  exact_ms double precision,
  note text
);
