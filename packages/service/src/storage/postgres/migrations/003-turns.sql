-- needs: 1
-- Nodes of the version before place jobs by the turns that wait; both kinds of turns order the queue meanwhile.

-- At once, before the work: nodes that write jobs would else hold the one while this waits for it with the other.
LOCK TABLE jobs IN SHARE MODE;
LOCK TABLE event_heads IN ACCESS EXCLUSIVE MODE;

-- The account's newest turn, of searches and recognitions and of enrolments: it stays when the jobs have ended, so that
-- an account is not taken for a newcomer with each of its jobs (storage/turn.ts).
ALTER TABLE event_heads ADD COLUMN lookup_turn bigint NOT NULL DEFAULT 0;
ALTER TABLE event_heads ADD COLUMN import_turn bigint NOT NULL DEFAULT 0;
UPDATE event_heads h SET lookup_turn = coalesce(t.lookup, 0), import_turn = coalesce(t.import, 0)
FROM (SELECT account, max(turn) FILTER (WHERE rank = 0) AS lookup, max(turn) FILTER (WHERE rank = 1) AS import FROM jobs GROUP BY account) t
WHERE h.account = t.account;

-- The newest turn that has been served, read from its end.
CREATE INDEX jobs_served ON jobs (rank, turn) WHERE started_at IS NOT NULL;
