import type { Database } from "better-sqlite3";
import { sameDimension, unregistered } from "../rules/recognisers.ts";
import type { RecogniserRecord, Storage } from "../types.ts";

export interface RecogniserRow extends RecogniserRecord {
  row: number;
}

/** None is ever forgotten, and none changes: each is looked up once. */
export interface Recognisers {
  /** @throws StorageError `not-found` */
  get(id: string): RecogniserRow;
  register(recogniser: RecogniserRecord): void;
  list: Storage["recognisers"]["list"];
}

export function createRecognisers(db: Database): Recognisers {
  const known = new Map<string, RecogniserRow>();
  const byId = db.prepare<[string], RecogniserRow>("SELECT row, id, dimension FROM recognisers WHERE id = ?");
  const insert = db.prepare("INSERT INTO recognisers (id, dimension) VALUES (?, ?)");
  // faces_gallery
  const all = db.prepare<[], RecogniserRecord & { faces: number }>(
    `SELECT r.id, r.dimension, (SELECT count(*) FROM galleries g JOIN faces f INDEXED BY faces_gallery ON f.gallery = g.row
       WHERE g.recogniser = r.row) AS faces FROM recognisers r ORDER BY r.row`,
  );
  const find = (id: string): RecogniserRow | undefined => {
    const row = known.get(id) ?? byId.get(id);
    if (row) known.set(id, row);
    return row;
  };

  return {
    get: (id) => find(id) ?? unregistered(id),
    register(recogniser) {
      const there = find(recogniser.id);
      if (there) sameDimension(there, recogniser);
      else insert.run(recogniser.id, recogniser.dimension);
    },
    list: async () => all.all(),
  };
}
