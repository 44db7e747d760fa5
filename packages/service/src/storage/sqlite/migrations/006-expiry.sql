-- The sweep looks for dead jobs whose time is over, a few at a time.
CREATE INDEX jobs_expiry ON jobs (dead_until) WHERE dead_until IS NOT NULL;
