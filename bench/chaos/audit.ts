import type { Client } from "pg";
import type { Images } from "./images.ts";

/** What PostgreSQL says when all is over. Read by SQL of our own, past the code under test. */
export interface Audit {
  jobs: JobFound[];
  identities: IdentityFound[];
  /** All events of an account by its client id, in order. */
  events: Map<string, { seq: number; jobId: string; status: string }[]>;
  /** Accounts whose event numbers are not 1, 2, 3 … up to the head. */
  gaps: string[];
  /** Faces without their vector, vectors without their face, faces in another collection's gallery, and what counts others than there are. */
  galleryFaults: number;
  images: ImagesFound;
}

export interface JobFound {
  id: string;
  account: string;
  kind: string;
  status: string;
  error: string | null;
  attempts: number;
  tag: string | null;
  /** Whom it enrolled. */
  identityId: string | null;
  /** Final events. */
  finals: number;
  /** Whether anything was told after the first final event. */
  toldAfterEnd: boolean;
}

export interface IdentityFound {
  id: string;
  account: string;
  /** Its external id. */
  tag: string | null;
  faces: number;
}

/** Of the place that all nodes share. */
export interface ImagesFound {
  /** Images that no job needs, unfinished ones among them. */
  unneeded: string[];
  /** Images that a job needs and that are not there. */
  missing: string[];
}

const JOBS = `
  SELECT j.id, a.client_id AS account, j.kind, j.status, j.error, j.attempts, j.payload->>'externalId' AS tag, j.identity_id AS "identityId",
    count(e.seq) FILTER (WHERE e.status IN ('Succeeded', 'Failed'))::int AS finals,
    coalesce(max(e.seq) > min(e.seq) FILTER (WHERE e.status IN ('Succeeded', 'Failed')), false) AS "toldAfterEnd"
  FROM jobs j JOIN accounts a ON a.row = j.account LEFT JOIN events e ON e.job = j.row GROUP BY j.row, a.row`;
const IDENTITIES = `
  SELECT i.id, a.client_id AS account, i.external_id AS tag, (SELECT count(*)::int FROM faces f WHERE f.identity = i.row) AS faces
  FROM identities i LEFT JOIN accounts a ON a.row = i.account ORDER BY i.row`;
const EVENTS = `
  SELECT a.client_id AS account, h.seq::int AS head, e.seq::int, j.id AS "jobId", e.status
  FROM accounts a JOIN account_heads h ON h.account = a.row JOIN events e ON e.account = a.row JOIN jobs j ON j.row = e.job
  ORDER BY a.row, e.seq`;
const GALLERY = `
  SELECT ((SELECT count(*) FROM faces f FULL JOIN vectors v ON v.slot = f.slot
      WHERE (f.identity, f.gallery) IS DISTINCT FROM (v.identity, v.gallery))
    + (SELECT count(*) FROM faces f JOIN identities i ON i.row = f.identity JOIN galleries g ON g.row = f.gallery
      WHERE g.collection <> i.collection)
    + (SELECT count(*) FROM galleries g WHERE g.faces <> (SELECT count(*) FROM faces f WHERE f.gallery = g.row))
    + (SELECT count(*) FROM collections c WHERE (c.identities, c.faces) <>
      (SELECT count(DISTINCT i.row), count(f.slot) FROM identities i LEFT JOIN faces f ON f.identity = i.row WHERE i.collection = c.row))
    + (SELECT count(*) FROM account_heads h WHERE (h.identities, h.faces) <>
      (SELECT count(DISTINCT i.row), count(f.slot) FROM identities i LEFT JOIN faces f ON f.identity = i.row WHERE i.account = h.account))
    )::int AS count`;

export async function audit(client: Client, images: Images): Promise<Audit> {
  const jobs = (await client.query<JobFound>(JOBS)).rows;
  const identities = (await client.query<IdentityFound>(IDENTITIES)).rows;
  const told = (
    await client.query<{ account: string; head: number; seq: number; jobId: string; status: string }>(EVENTS)
  ).rows;
  const gallery = await client.query<{ count: number }>(GALLERY);

  const events: Audit["events"] = new Map();
  const gaps = new Set<string>();
  for (const { account, head, ...event } of told) {
    const own = events.get(account) ?? [];
    events.set(account, own);
    own.push(event);
    if (event.seq !== own.length || event.seq > head) gaps.add(account);
  }
  for (const { account, head } of told) if (events.get(account)!.length !== head) gaps.add(account);

  return {
    jobs,
    identities,
    events,
    gaps: [...gaps],
    galleryFaults: gallery.rows[0]!.count,
    images: await findImages(client, images),
  };
}

/** As packages/service/src/blobs/local.ts names them: an image, and one whose writing was cut short. */
const IMAGE = /^prosopon_[\w-]{23,24}(\.part)?$/;

export async function findImages(client: Client, images: Images): Promise<ImagesFound> {
  const { rows } = await client.query<{ blob_id: string }>(
    "SELECT blob_id FROM job_blobs UNION SELECT blob_id FROM uploads",
  );
  const needed = new Set(rows.map((row) => row.blob_id));
  const found = new Set((await images.names()).filter((name) => IMAGE.test(name)));
  return {
    unneeded: [...found].filter((name) => !needed.has(name)),
    missing: [...needed].filter((name) => !found.has(name)),
  };
}
