import { connected } from "../migrate.ts";

/** How a gallery is searched: from a node's memory, or by a scan of its faces in PostgreSQL. Exact both ways. */
export interface GallerySearch {
  accountId: string;
  /** Of the account. */
  name: string;
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
      "SELECT to_regclass('gallery_heads') IS NOT NULL AS known",
    );
    if (!found[0]?.known) return [];
    const answer = await client.query<Omit<GallerySearch, "way">>(
      `SELECT a.id AS "accountId", a.name, h.faces::float8 AS faces
       FROM gallery_heads h JOIN accounts a ON a.row = h.account ORDER BY h.faces DESC, a.row`,
    );
    return answer.rows;
  });
  return rows.map((row) => ({ ...row, way: row.faces <= galleryFaces ? "memory" : "scan" }));
}
