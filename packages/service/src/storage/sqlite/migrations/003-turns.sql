-- The account's newest turn, of searches and recognitions and of enrolments: it stays when the jobs have ended, so that
-- an account is not taken for a newcomer with each of its jobs (storage/turn.ts).
ALTER TABLE accounts ADD COLUMN lookup_turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN import_turn INTEGER NOT NULL DEFAULT 0;

-- Place in the round of accounts: lower goes first.
ALTER TABLE jobs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET turn = place.turn
FROM (SELECT row, 2 * row_number() OVER (PARTITION BY account, rank ORDER BY row) AS turn FROM jobs WHERE due_at IS NOT NULL) AS place
WHERE jobs.row = place.row;
UPDATE accounts SET
  lookup_turn = coalesce((SELECT max(turn) FROM jobs WHERE account = accounts.row AND rank = 0), 0),
  import_turn = coalesce((SELECT max(turn) FROM jobs WHERE account = accounts.row AND rank = 1), 0);

DROP INDEX jobs_queue;
CREATE INDEX jobs_queue ON jobs (rank, turn, row) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (account, row) WHERE due_at IS NOT NULL;
-- The newest turn that has been served, read from its end.
CREATE INDEX jobs_served ON jobs (rank, turn) WHERE started_at IS NOT NULL;
