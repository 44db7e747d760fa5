-- How often a lease on the job ran out: its worker died with it in hand, for it or for another. From the first on it is suspected (jobs/worker.ts).
ALTER TABLE jobs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
