import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { debianRoot, endServer, freePort, inDebian, installDebian, serverDirectory } from "./debian.ts";

export interface TestPgBouncer {
  port: number;
  /** The same database, through the pooler. */
  through(url: string): string;
  stop(): Promise<void>;
}

/** A PgBouncer in transaction mode in front of a PostgreSQL on this machine; `poolSize` connections for each of its databases. */
export async function startPgBouncer(
  server: string,
  { owner = process.pid, poolSize }: { owner?: number; poolSize: number },
): Promise<TestPgBouncer> {
  await installDebian();
  const directory = await serverDirectory(owner, `pgbouncer-${randomBytes(4).toString("hex")}`);
  const port = await freePort();
  const { hostname, port: target, username } = new URL(server);
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    pool_mode: "transaction",
    default_pool_size: poolSize,
    max_client_conn: 500,
    // Whoever names a statement must fail: not every pooler keeps them.
    max_prepared_statements: 0,
    auth_type: "any",
    pidfile: `${directory}/server.pid`,
    logfile: `${directory}/server.log`,
  };
  const file = [
    "[databases]",
    `* = host=${hostname} port=${target} user=${username || "postgres"}`,
    "[pgbouncer]",
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    "",
  ].join("\n");
  await writeFile(path.join(debianRoot, directory, "pgbouncer.ini"), file);
  await inDebian("/usr/sbin/pgbouncer", "-q", "-d", `${directory}/pgbouncer.ini`);
  return {
    port,
    through(url) {
      const pooled = new URL(url);
      pooled.host = `127.0.0.1:${port}`;
      return pooled.href;
    },
    async stop() {
      await endServer(settings.pidfile, "SIGQUIT");
      await rm(path.join(debianRoot, directory), { recursive: true, force: true });
    },
  };
}
