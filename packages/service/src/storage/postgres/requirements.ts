import type pg from "pg";
import { migrations } from "./migrations.generated.ts";

const POSTGRESQL = 17;
const PGVECTOR = [0, 8] as const;

export interface Versions {
  /** E.g. 17.6. */
  postgresql: string;
  /** Of the database, or what it would get; undefined where the server has none. */
  pgvector?: string;
}

export async function versions(client: pg.Client): Promise<Versions> {
  const { rows } = await client.query<{ server: string; extension: string | null }>(
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS server,
            (SELECT coalesce(installed_version, default_version) FROM pg_available_extensions WHERE name = 'vector') AS extension`,
  );
  const { server, extension } = rows[0]!;
  return { postgresql: server, ...(extension !== null && { pgvector: extension }) };
}

/** Why a database of these versions cannot be used, in words. */
export function unfit({ postgresql, pgvector }: Versions): string | undefined {
  if (Number.parseInt(postgresql, 10) < POSTGRESQL)
    return `The database is PostgreSQL ${postgresql}; Prosopon needs ${POSTGRESQL} or later.`;
  if (pgvector === undefined)
    return "The database server has no pgvector. Install pgvector 0.8 or later on it (Debian: postgresql-17-pgvector).";
  const [major = 0, minor = 0] = pgvector.split(".").map(Number);
  if (major < PGVECTOR[0] || (major === PGVECTOR[0] && minor < PGVECTOR[1]))
    return `The database has pgvector ${pgvector}; Prosopon needs 0.8 or later. Install it, then run ALTER EXTENSION vector UPDATE.`;
  return undefined;
}

/** 3 of `003-name.sql`. */
export const numberOf = (migration: string): number => Number.parseInt(migration, 10);

const KNOWN = numberOf(migrations.at(-1)?.name ?? "0");

/** Why this version cannot work on a schema that asks its nodes to know `needs`, in words. */
export function tooNew(needs: number): string | undefined {
  return needs > KNOWN
    ? `The database was migrated by a newer Prosopon (it asks for schema ${needs}, this one knows ${KNOWN}). Install that version, or a later one.`
    : undefined;
}
