-- needs: 1
-- Nodes of the version before don't count: what they begin and end while they still run is counted anew by the next sweep.

-- At once, before the work, in the order in which nodes take them.
LOCK TABLE jobs, uploads IN SHARE MODE;
LOCK TABLE job_blobs, event_heads IN ACCESS EXCLUSIVE MODE;

-- What each account has of what it may have (storage/quotas.ts), in the row that is written with each change of a job anyway.
ALTER TABLE event_heads ADD COLUMN unfinished_jobs bigint NOT NULL DEFAULT 0;
ALTER TABLE event_heads ADD COLUMN pending_bytes bigint NOT NULL DEFAULT 0;
-- Bytes that the job keeps; 0 for an upload's image, which counts with the upload.
ALTER TABLE job_blobs ADD COLUMN size bigint NOT NULL DEFAULT 0;
UPDATE job_blobs b SET size = (i.image ->> 'size')::bigint
FROM jobs j, json_array_elements(j.payload -> 'images') AS i (image)
WHERE j.row = b.job AND i.image ->> 'blobId' = b.blob_id AND i.image ->> 'uploadId' IS NULL;
UPDATE event_heads h SET
  unfinished_jobs = (SELECT count(*) FROM jobs j WHERE j.account = h.account AND j.due_at IS NOT NULL),
  pending_bytes = coalesce((SELECT sum(b.size) FROM job_blobs b JOIN jobs j ON j.row = b.job WHERE j.account = h.account), 0)
    + coalesce((SELECT sum(u.size) FROM uploads u WHERE u.account = h.account), 0);
