-- needs: 1
-- Nodes of the version before end a job without these columns: it is not dead then, and its images go, as they did.

-- Ended Failed because its tries were used up: it can be retried, and keeps its images, until then.
ALTER TABLE jobs ADD COLUMN dead_until bigint;
-- Id of the job that a retry made of it.
ALTER TABLE jobs ADD COLUMN retried_as text COLLATE "C";
CREATE INDEX jobs_dead ON jobs (account, created_at, id) WHERE dead_until IS NOT NULL;
