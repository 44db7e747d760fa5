import pg from "pg";
import { types } from "../postgres/database.ts";
import { isOutage } from "../postgres/faults.ts";
import { StorageError } from "../types.ts";
import type { Row } from "./columns.ts";
import { keyOf, type Table, targetQuery, targetRow } from "./tables.ts";

export interface Target {
  transaction<T>(work: (client: pg.Client) => Promise<T>): Promise<T>;
  /** All rows, a batch at a time. */
  batches(table: Table): AsyncGenerator<Row[]>;
  /** So that the first searches are planned with the tables as they are now. */
  analyse(): Promise<void>;
  close(): Promise<void>;
}

/** @throws StorageError `unusable` when it cannot be reached; also from every method when it goes away. */
export async function openTarget(url: string): Promise<Target> {
  const client = await spoken(async () => {
    const opened = new pg.Client({
      connectionString: url,
      application_name: "prosopon migrate-data",
      types,
      keepAlive: true,
    });
    opened.on("error", () => {});
    await opened.connect();
    return opened;
  });

  return {
    transaction: (work) =>
      spoken(async () => {
        await client.query("BEGIN");
        try {
          const result = await work(client);
          await client.query("COMMIT");
          return result;
        } catch (error) {
          await client.query("ROLLBACK").catch(() => {});
          throw error;
        }
      }),
    async *batches(table) {
      for (let behind: (string | number)[] | null = null; ;) {
        const after: (string | number)[] = behind ?? [];
        const { rows: found } = await spoken(() =>
          client.query<unknown[]>({
            text: targetQuery(table, behind !== null),
            values: [table.batch, ...after],
            rowMode: "array",
          }),
        );
        const rows = found.map((values) => targetRow(table, values));
        yield rows;
        if (rows.length < table.batch) return;
        behind = keyOf(table, rows.at(-1)!);
      }
    },
    async analyse() {
      await spoken(() => client.query("ANALYZE"));
    },
    close: () => client.end().catch(() => {}),
  };
}

/** Only PostgreSQL's message: its detail may quote what a row holds. */
async function spoken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isOutage(error) || (error as { syscall?: string }).syscall) {
      throw new StorageError(
        "unusable",
        "The database cannot be reached. Check the address and that PostgreSQL runs, then give the same command again: a transfer goes on where it was.",
        { cause: error },
      );
    }
    if (!(error instanceof pg.DatabaseError)) throw error;
    throw new StorageError(
      "unusable",
      `The database refused${error.table ? ` what ${error.table} should hold` : ""}: ${error.message}.`,
      { cause: error },
    );
  }
}
