import type { Transaction } from "../database.ts";

/** Of an account by its row. */
export const USAGE = `SELECT unfinished_jobs AS "unfinishedJobs", pending_bytes AS "pendingBytes" FROM account_heads WHERE account = $1`;

/** Counts images that were let go of otherwise than by a job's end. Takes the heads of the accounts, in their order: last, but for events. */
export async function letGo(
  { query }: Pick<Transaction, "query">,
  images: readonly { account: number; size: number }[],
): Promise<void> {
  if (images.length === 0) return;
  await query(
    `WITH held AS (
       SELECT account FROM account_heads WHERE account = ANY ($1::int[]) ORDER BY account FOR NO KEY UPDATE)
     UPDATE account_heads h SET pending_bytes = h.pending_bytes - f.size
     FROM (SELECT account, sum(size)::bigint AS size FROM unnest($1::int[], $2::bigint[]) AS f (account, size) JOIN held USING (account) GROUP BY account) f
     WHERE h.account = f.account`,
    [images.map(({ account }) => account), images.map(({ size }) => size)],
  );
}

/** People that came to a collection, or went (negative). */
interface More {
  collection: number;
  identities: number;
  faces: number;
}

/** Returns how many the account has now. Holds the collections and the account's head until the commit: after the galleries, before events. */
export async function countPeople(
  { query }: Pick<Transaction, "query">,
  account: number,
  more: readonly More[],
): Promise<{ identities: number; faces: number }> {
  const [now] = await query<{ identities: number; faces: number }>(
    `WITH more AS (
       SELECT collection, sum(identities)::bigint AS identities, sum(faces)::bigint AS faces
       FROM unnest($2::int[], $3::int[], $4::int[]) AS m (collection, identities, faces) GROUP BY collection),
     held AS (SELECT c.row FROM collections c JOIN more ON more.collection = c.row ORDER BY c.row FOR NO KEY UPDATE OF c),
     counted AS (
       UPDATE collections c SET identities = c.identities + m.identities, faces = c.faces + m.faces
       FROM more m JOIN held h ON h.row = m.collection WHERE c.row = m.collection RETURNING m.identities, m.faces)
     UPDATE account_heads h SET identities = h.identities + s.identities, faces = h.faces + s.faces
     FROM (SELECT coalesce(sum(identities), 0)::bigint AS identities, coalesce(sum(faces), 0)::bigint AS faces FROM counted) s
     WHERE h.account = $1 RETURNING h.identities, h.faces`,
    [
      account,
      more.map(({ collection }) => collection),
      more.map(({ identities }) => identities),
      more.map(({ faces }) => faces),
    ],
  );
  return now!;
}
