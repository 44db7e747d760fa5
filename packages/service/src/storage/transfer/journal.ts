import type pg from "pg";
import { StorageError } from "../types.ts";
import type { Checksum } from "./checksum.ts";
import { tables } from "./tables.ts";

/** The lock under which schemas change (postgres/migrate.ts): nobody looks at the target while a transfer begins. */
const LOCK = 0x70726f73;
/** The step of the images, behind those of the tables. */
export const IMAGES = "images";

const SEQUENCES = [
  ["accounts", "row"],
  ["recognisers", "row"],
  ["collections", "row"],
  ["galleries", "row"],
  ["identities", "row"],
  ["faces", "slot"],
  ["jobs", "row"],
] as const;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS transfers (
    -- SHA-256 over all that the source held.
    source text COLLATE "C" PRIMARY KEY,
    -- Where the images go.
    images text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
  );
  CREATE TABLE IF NOT EXISTS transfer_steps (
    name text COLLATE "C" PRIMARY KEY,
    sha256 text COLLATE "C" NOT NULL,
    -- Key of the last row moved.
    position json,
    moved bigint NOT NULL DEFAULT 0,
    done boolean NOT NULL DEFAULT false
  )`;

export interface Beginning {
  source: string;
  checksums: ReadonlyMap<string, Checksum>;
  /** Names the place of the images. */
  images: string;
}

export type Found = "nothing" | "unfinished" | "finished";

/** Whether the target is empty, or holds this very source, in part or whole. @throws StorageError `unusable` when it holds anything else. */
export async function lookAt(client: pg.Client, { source, checksums }: Beginning): Promise<Found> {
  const state = await stateOf(client);
  if (state && state.source === source) return state.finished ? "finished" : "unfinished";
  if (state && !state.finished) throw await otherSource(client, checksums);
  await refuseFilled(client);
  await refuseNodes(client);
  return "nothing";
}

/** Inside a transaction: notes in the target that a transfer of this source goes on. From here on no node serves from it. */
export async function begin(client: pg.Client, beginning: Beginning): Promise<Found> {
  await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
  const found = await lookAt(client, beginning);
  if (found === "finished") return found;
  if (found === "unfinished") {
    // To another place than before: all of them again.
    await client.query(
      `WITH moved AS (UPDATE transfers SET images = $1 WHERE images <> $1 RETURNING 1)
       UPDATE transfer_steps SET position = NULL, moved = 0, done = false WHERE name = $2 AND EXISTS (SELECT 1 FROM moved)`,
      [beginning.images, IMAGES],
    );
    return found;
  }
  await client.query(SCHEMA);
  await client.query("INSERT INTO transfers (source, images) VALUES ($1, $2)", [
    beginning.source,
    beginning.images,
  ]);
  for (const name of [...tables.map((table) => table.name), IMAGES]) {
    await client.query("INSERT INTO transfer_steps (name, sha256) VALUES ($1, $2)", [
      name,
      beginning.checksums.get(name)?.sha256 ?? "",
    ]);
  }
  return found;
}

export interface Progress {
  position: (string | number)[] | null;
  moved: number;
  done: boolean;
}

/** Inside a transaction: holds the step until its end, so that another transfer of the same source goes on behind it. */
export async function holdStep(client: pg.Client, name: string): Promise<Progress> {
  const { rows } = await client.query<Progress>(
    "SELECT position, moved, done FROM transfer_steps WHERE name = $1 FOR UPDATE",
    [name],
  );
  return rows[0] ?? { position: null, moved: 0, done: true };
}

export async function saveStep(
  client: pg.Client,
  name: string,
  { position, moved, done }: Progress,
): Promise<void> {
  await client.query("UPDATE transfer_steps SET position = $2, moved = $3, done = $4 WHERE name = $1", [
    name,
    JSON.stringify(position),
    moved,
    done,
  ]);
}

/** The last transaction: numbers go on behind those that were moved, and nodes may serve. */
export async function finish(client: pg.Client): Promise<void> {
  for (const [table, column] of SEQUENCES) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence('${table}', '${column}'), max(${column})) FROM ${table} HAVING max(${column}) IS NOT NULL`,
    );
  }
  await client.query("UPDATE transfers SET finished_at = now()");
  await client.query("DROP TABLE transfer_steps");
}

async function stateOf(client: pg.Client): Promise<{ source: string; finished: boolean } | undefined> {
  const { rows: found } = await client.query<{ there: boolean }>(
    "SELECT to_regclass('transfers') IS NOT NULL AS there",
  );
  if (!found[0]!.there) return undefined;
  const { rows } = await client.query<{ source: string; finished: boolean }>(
    "SELECT source, finished_at IS NOT NULL AS finished FROM transfers",
  );
  return rows[0];
}

async function otherSource(
  client: pg.Client,
  checksums: ReadonlyMap<string, Checksum>,
): Promise<StorageError> {
  const { rows } = await client.query<{ name: string; sha256: string }>(
    "SELECT name, sha256 FROM transfer_steps WHERE name <> $1",
    [IMAGES],
  );
  const others = rows.filter(({ name, sha256 }) => checksums.get(name)?.sha256 !== sha256);
  return new StorageError(
    "unusable",
    `The database holds an unfinished transfer of another directory, or of this one before it changed (in ${others.map(({ name }) => name).join(", ")}). Drop the database, create it again, and move the data into that.`,
  );
}

async function refuseFilled(client: pg.Client): Promise<void> {
  const filled: string[] = [];
  for (const { name } of tables) {
    const { rows: exists } = await client.query("SELECT 1 WHERE to_regclass($1) IS NOT NULL", [name]);
    if (exists.length === 0) continue;
    const { rows } = await client.query(`SELECT 1 FROM ${name} LIMIT 1`);
    if (rows.length > 0) filled.push(name);
  }
  if (filled.length === 0) return;
  throw new StorageError(
    "unusable",
    `The database is in use already: it holds ${filled.join(", ")}. Data can only be moved into an empty database; nothing was changed.`,
  );
}

/** A node that opened the empty database would go on as if it were its own. Known by its listening connection, which no pooler shares. */
async function refuseNodes(client: pg.Client): Promise<void> {
  const { rows } = await client.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prosopon events' LIMIT 1`,
  );
  if (rows.length === 0) return;
  throw new StorageError(
    "unusable",
    "Prosopon servers are connected to the database. Stop them first; they may start again when the data has been moved.",
  );
}
