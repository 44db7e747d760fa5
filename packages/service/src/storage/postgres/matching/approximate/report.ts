import { connected } from "../../migrate.ts";
import { CONFIDENCE, INDEX_RULE, lowerBound } from "./rule.ts";

/** How an account is searched: from a node's memory, by an index of its own, or by a scan of its faces in PostgreSQL. */
export interface AccountSearch {
  accountId: string;
  name: string;
  faces: number;
  way: "memory" | "index" | "scan";
  /** Where the account has an index, or was tried with one. */
  index?: {
    /** Only `serving` answers. `unfit` was measured and dropped; `failed` could not be made. */
    state: string;
    note?: string;
    measured?: {
      /** Milliseconds since the epoch. */
      at: number;
      faces: number;
      /** New photos of enrolled people asked, and those whose nearest identity was not the exact one. */
      probes: number;
      misses: number;
      /** Identity-level, 0..1, and the lower bound of the first with `confidence`. */
      recallAt1: number;
      recallAt1AtLeast: number;
      confidence: number;
      recallAt10: number;
      /** Share of them that the index answered alone; the others were scanned exactly as well. */
      answered: number;
      strangers: number;
      strangerMisses: number;
      efSearch: number;
      /** Cosine from which on the index answers alone. */
      sure: number;
      /** Of a search for an enrolled person, on average, and of an exact scan; milliseconds. */
      indexMs: number;
      exactMs: number;
    };
  };
}

interface Row {
  id: string;
  name: string;
  faces: number;
  state: string | null;
  note: string | null;
  measured_faces: number;
  changed_at: number;
  ef_search: number | null;
  sure: number;
  probes: number;
  misses: number;
  recall_at_10: number;
  answered: number;
  strangers: number;
  stranger_misses: number;
  index_ms: number;
  exact_ms: number;
}

/**
 * How every account is searched by a node that holds `galleryFaces` faces in memory, the largest first. Reads only.
 * @throws StorageError `unusable`
 */
export async function postgresSearchReport(
  url: string,
  { galleryFaces }: { galleryFaces: number },
): Promise<{ indexFrom: number; accounts: AccountSearch[] }> {
  const rows = await connected(url, async (client) => {
    const { rows: found } = await client.query<{ known: boolean }>(
      "SELECT to_regclass('search_indexes') IS NOT NULL AS known",
    );
    if (!found[0]?.known) return [];
    const answer = await client.query<Row>(
      `SELECT a.id, a.name, h.faces::float8, s.state, s.note, s.faces::float8 AS measured_faces, s.changed_at::float8, s.ef_search, s.sure,
         s.probes, s.misses, s.recall_at_10, s.answered, s.strangers, s.stranger_misses, s.index_ms, s.exact_ms
       FROM gallery_heads h JOIN accounts a ON a.row = h.account LEFT JOIN search_indexes s ON s.account = h.account
       ORDER BY h.faces DESC, a.row`,
    );
    return answer.rows;
  });
  return { indexFrom: INDEX_RULE.faces, accounts: rows.map((row) => accountSearch(row, galleryFaces)) };
}

function accountSearch(row: Row, galleryFaces: number): AccountSearch {
  const { id, name, faces, state, note, ef_search } = row;
  const rest = state === "serving" ? "index" : "scan";
  return {
    accountId: id,
    name,
    faces,
    way: faces <= galleryFaces ? "memory" : rest,
    ...(state !== null && {
      index: {
        state,
        ...(note !== null && { note }),
        ...((state === "serving" || state === "unfit") &&
          ef_search !== null && { measured: measured(row, ef_search) }),
      },
    }),
  };
}

function measured(row: Row, efSearch: number) {
  return {
    at: row.changed_at,
    faces: row.measured_faces,
    probes: row.probes,
    misses: row.misses,
    recallAt1: 1 - row.misses / row.probes,
    recallAt1AtLeast: lowerBound(row.misses, row.probes),
    confidence: CONFIDENCE,
    recallAt10: row.recall_at_10,
    answered: row.answered,
    strangers: row.strangers,
    strangerMisses: row.stranger_misses,
    efSearch,
    sure: row.sure,
    indexMs: row.index_ms,
    exactMs: row.exact_ms,
  };
}
