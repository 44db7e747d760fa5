import { readdir } from "node:fs/promises";
import type { Client } from "pg";

/** What PostgreSQL says when all is over. Read by SQL of our own, past the code under test. */
export interface Audit {
  jobs: JobFound[];
  /** All events of an account by its client id, in order. */
  events: Map<string, { seq: number; jobId: string; status: string }[]>;
  /** How many identities carry an external id. */
  identities: Map<string, number>;
  /** Identities that are not the outcome of exactly one enrolment, or have not the one face that it gave. */
  strayIdentities: number;
  /** Accounts whose event numbers are not 1, 2, 3 … up to the head. */
  gaps: string[];
  /** Faces without a vector, vectors without a face, and accounts whose gallery counts other faces than there are. */
  galleryFaults: number;
  /** Files in the shared directory that nothing needs any more, and unfinished ones. */
  leftoverBlobs: number;
  leftoverParts: number;
}

export interface JobFound {
  id: string;
  kind: string;
  status: string;
  error: string | null;
  attempts: number;
  tag: string | null;
  /** Final events. */
  finals: number;
  /** Whether anything was told after the first final event. */
  toldAfterEnd: boolean;
}

const JOBS = `
  SELECT j.id, j.kind, j.status, j.error, j.attempts, j.payload->>'externalId' AS tag,
    count(e.seq) FILTER (WHERE e.status IN ('Succeeded', 'Failed'))::int AS finals,
    coalesce(max(e.seq) > min(e.seq) FILTER (WHERE e.status IN ('Succeeded', 'Failed')), false) AS "toldAfterEnd"
  FROM jobs j LEFT JOIN events e ON e.job = j.row GROUP BY j.row`;
const EVENTS = `
  SELECT a.client_id AS account, h.seq::int AS head, e.seq::int, j.id AS "jobId", e.status
  FROM accounts a JOIN event_heads h ON h.account = a.row JOIN events e ON e.account = a.row JOIN jobs j ON j.row = e.job
  ORDER BY a.row, e.seq`;
const STRAYS = `
  SELECT count(*)::int AS count FROM identities i
  WHERE (SELECT count(*) FROM jobs j WHERE j.identity_id = i.id AND j.kind = 'enrol' AND j.status = 'Succeeded') <> 1
    OR (SELECT count(*) FROM faces f WHERE f.identity = i.row) <> 1`;
const GALLERY = `
  SELECT ((SELECT count(*) FROM faces f FULL JOIN vectors v ON v.slot = f.slot WHERE f.slot IS NULL OR v.slot IS NULL)
    + (SELECT count(*) FROM gallery_heads h WHERE h.faces <> (SELECT count(*) FROM faces f WHERE f.account = h.account)))::int AS count`;

export async function audit(client: Client, blobs: string): Promise<Audit> {
  const jobs = (await client.query<JobFound>(JOBS)).rows;
  const told = (
    await client.query<{ account: string; head: number; seq: number; jobId: string; status: string }>(EVENTS)
  ).rows;
  const named = await client.query<{ tag: string; count: number }>(
    "SELECT external_id AS tag, count(*)::int AS count FROM identities WHERE external_id IS NOT NULL GROUP BY external_id",
  );
  const strays = await client.query<{ count: number }>(STRAYS);
  const gallery = await client.query<{ count: number }>(GALLERY);
  const needed = await client.query<{ blob_id: string }>("SELECT blob_id FROM job_blobs");

  const events: Audit["events"] = new Map();
  const gaps = new Set<string>();
  for (const { account, head, ...event } of told) {
    const own = events.get(account) ?? [];
    events.set(account, own);
    own.push(event);
    if (event.seq !== own.length || event.seq > head) gaps.add(account);
  }
  for (const { account, head } of told) if (events.get(account)!.length !== head) gaps.add(account);

  const files = await readdir(blobs);
  const wanted = new Set(needed.rows.map((row) => row.blob_id));
  return {
    jobs,
    events,
    gaps: [...gaps],
    identities: new Map(named.rows.map(({ tag, count }) => [tag, count])),
    strayIdentities: strays.rows[0]!.count,
    galleryFaults: gallery.rows[0]!.count,
    leftoverBlobs: files.filter((name) => !name.endsWith(".part") && !wanted.has(name)).length,
    leftoverParts: files.filter((name) => name.endsWith(".part")).length,
  };
}
