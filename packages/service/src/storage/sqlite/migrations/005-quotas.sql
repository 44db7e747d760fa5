-- What each account has of what it may have (storage/quotas.ts). Kept by triggers, so that it is right whatever changes jobs.
ALTER TABLE accounts ADD COLUMN unfinished_jobs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN pending_bytes INTEGER NOT NULL DEFAULT 0;
-- Bytes that the job keeps; 0 for an upload's image, which counts with the upload.
ALTER TABLE job_blobs ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
UPDATE job_blobs SET size = coalesce(
  (SELECT image.value ->> 'size' FROM jobs, json_each(jobs.payload, '$.images') AS image
   WHERE jobs.row = job_blobs.job AND image.value ->> 'blobId' = job_blobs.blob_id AND image.value ->> 'uploadId' IS NULL), 0);
UPDATE accounts SET
  unfinished_jobs = (SELECT count(*) FROM jobs WHERE account = accounts.row AND due_at IS NOT NULL),
  pending_bytes = (SELECT coalesce(sum(b.size), 0) FROM job_blobs b JOIN jobs j ON j.row = b.job WHERE j.account = accounts.row)
    + (SELECT coalesce(sum(size), 0) FROM uploads WHERE account = accounts.row);

CREATE TRIGGER jobs_begin AFTER INSERT ON jobs WHEN new.due_at IS NOT NULL BEGIN
  UPDATE accounts SET unfinished_jobs = unfinished_jobs + 1 WHERE row = new.account;
END;
CREATE TRIGGER jobs_end AFTER UPDATE OF due_at ON jobs WHEN old.due_at IS NOT NULL AND new.due_at IS NULL BEGIN
  UPDATE accounts SET unfinished_jobs = unfinished_jobs - 1 WHERE row = new.account;
END;
CREATE TRIGGER job_blobs_kept AFTER INSERT ON job_blobs BEGIN
  UPDATE accounts SET pending_bytes = pending_bytes + new.size WHERE row = (SELECT account FROM jobs WHERE row = new.job);
END;
CREATE TRIGGER job_blobs_gone AFTER DELETE ON job_blobs BEGIN
  UPDATE accounts SET pending_bytes = pending_bytes - old.size WHERE row = (SELECT account FROM jobs WHERE row = old.job);
END;
CREATE TRIGGER uploads_kept AFTER INSERT ON uploads BEGIN
  UPDATE accounts SET pending_bytes = pending_bytes + new.size WHERE row = new.account;
END;
CREATE TRIGGER uploads_gone AFTER DELETE ON uploads BEGIN
  UPDATE accounts SET pending_bytes = pending_bytes - old.size WHERE row = old.account;
END;
