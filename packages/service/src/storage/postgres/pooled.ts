import type pg from "pg";

/** A pooler says who it is when a connection opens, not which of PostgreSQL's processes it will lead to. */
export async function isPooled(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  // Known to the client, though not to its types.
  return rows[0]!.pid !== (client as unknown as { processID: number | null }).processID;
}
