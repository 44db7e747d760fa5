import pg from "pg";

/** A new database `bench_<name>` on this server, in place of what an earlier run left there. Returns its URL. */
export async function freshDatabase(server: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS bench_${name} WITH (FORCE)`);
  await client.query(`CREATE DATABASE bench_${name}`);
  await client.end();
  return Object.assign(new URL(server), { pathname: `/bench_${name}` }).href;
}
