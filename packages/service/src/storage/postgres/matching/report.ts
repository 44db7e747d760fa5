import { connected } from "../migrate.ts";

/** How a gallery is searched: from a node's memory, or by a scan of its faces in PostgreSQL. Exact both ways. */
export interface GallerySearch {
  accountId: string;
  /** Of the account. */
  name: string;
  /** Its name. */
  collection: string;
  faces: number;
  way: "memory" | "scan";
}

/**
 * How every gallery is searched by a node that holds `galleryFaces` faces in memory, the largest first. Reads only.
 * @throws StorageError `unusable`
 */
export async function postgresSearchReport(
  url: string,
  { galleryFaces }: { galleryFaces: number },
): Promise<GallerySearch[]> {
  const rows = await connected(url, async (client) => {
    const { rows: found } = await client.query<{ known: boolean }>(
      "SELECT to_regclass('galleries') IS NOT NULL AS known",
    );
    if (!found[0]?.known) return [];
    const answer = await client.query<Omit<GallerySearch, "way">>(
      `SELECT a.id AS "accountId", a.name, c.name AS collection, g.faces::float8 AS faces
       FROM galleries g JOIN collections c ON c.row = g.collection JOIN accounts a ON a.row = c.account
       ORDER BY g.faces DESC, g.row`,
    );
    return answer.rows;
  });
  return rows.map((row) => ({ ...row, way: row.faces <= galleryFaces ? "memory" : "scan" }));
}
