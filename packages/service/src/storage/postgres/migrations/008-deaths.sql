-- needs: 1
-- Nodes of the version before don't count: what they claim meanwhile is not suspected by that.

-- How often a lease on the job ran out: its worker died with it in hand, for it or for another. From the first on it is suspected (jobs/worker.ts).
ALTER TABLE jobs ADD COLUMN deaths integer NOT NULL DEFAULT 0;
