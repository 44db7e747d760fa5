import { sameDimension, unregistered } from "../rules/recognisers.ts";
import type { RecogniserRecord, Storage } from "../types.ts";
import type { Database } from "./database.ts";

export interface RecogniserRow extends RecogniserRecord {
  row: number;
}

/** None is ever forgotten, and none changes: each is looked up once. */
export interface Recognisers extends Pick<Storage["recognisers"], "register" | "list"> {
  /** @throws StorageError `not-found` */
  get(id: string): Promise<RecogniserRow>;
}

export function createRecognisers({ read, transaction }: Database): Recognisers {
  const known = new Map<string, RecogniserRow>();

  async function find(id: string): Promise<RecogniserRow | undefined> {
    const there = known.get(id);
    if (there) return there;
    const [row] = await read<RecogniserRow>("SELECT row, id, dimension FROM recognisers WHERE id = $1", [id]);
    if (row) known.set(id, row);
    return row;
  }

  return {
    get: async (id) => (await find(id)) ?? unregistered(id),
    async register({ id, dimension }) {
      // A trigger makes the partition of its vectors, which waits for every transaction that has used the table.
      if (!(await find(id)))
        await transaction(
          ({ query }) =>
            query("INSERT INTO recognisers (id, dimension) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING", [
              id,
              dimension,
            ]),
          { repeatable: true },
        );
      sameDimension((await find(id))!, { id, dimension });
    },
    async list() {
      return read<RecogniserRecord & { faces: number }>(
        `SELECT r.id, r.dimension, coalesce(sum(g.faces), 0)::bigint AS faces
         FROM recognisers r LEFT JOIN galleries g ON g.recogniser = r.row GROUP BY r.row ORDER BY r.row`,
      );
    },
  };
}
