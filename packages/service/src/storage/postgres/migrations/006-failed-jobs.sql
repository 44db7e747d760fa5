-- needs: 1
-- Whoever lists the jobs of an account that failed would else read all that succeeded in between, a week of them.
CREATE INDEX jobs_failed ON jobs (account, created_at, id) WHERE status = 'Failed';
