import { randomBytes } from "node:crypto";
import type pg from "pg";
import { type Trouble, troubleOf, withoutValues } from "./faults.ts";
import type { Outages } from "./outages.ts";

export interface Probed {
  /** The database's clock, milliseconds since the epoch. */
  now: number;
  /** The oldest release, by its newest migration, that can work on the schema. */
  needs: number;
}

/** More than fits into the free room of a page, so that a file has to grow. */
const PROBE_BYTES = 65_536;

/** One try, without patience: whoever asks wants to know how it is now. */
export async function probe({
  connect,
  outages,
  tell,
}: {
  connect(): Promise<pg.PoolClient>;
  outages: Outages;
  tell(error: unknown, trouble: Trouble): Error;
}): Promise<Probed> {
  let client: pg.PoolClient | undefined;
  let broken: Error | undefined;
  try {
    client = await connect();
    const { rows } = await client.query<Probed & { read_only: boolean }>(
      `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now,
              (SELECT coalesce(max(needs), 0) FROM migrations) AS needs,
              current_setting('transaction_read_only')::boolean AS read_only`,
    );
    const { now, needs, read_only: readOnly } = rows[0]!;
    if (readOnly) throw Object.assign(new Error("transaction_read_only is on"), { code: "25006" });
    // Only then: what it writes is left for VACUUM.
    if (outages.last()?.code === "full") await grow(client);
    outages.passed();
    return { now, needs };
  } catch (error) {
    const trouble = troubleOf(error);
    if (!trouble) throw error;
    broken = error as Error;
    throw tell(withoutValues(error), trouble);
  } finally {
    client?.release(broken);
  }
}

async function grow(client: pg.PoolClient): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query("INSERT INTO secrets (name, bytes) VALUES ('probe', $1)", [randomBytes(PROBE_BYTES)]);
  } finally {
    await client.query("ROLLBACK");
  }
}
