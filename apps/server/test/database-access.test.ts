import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, copyFile, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  createDatabase,
  execute,
  query,
  testPostgres,
} from "../../../packages/service/test/postgres/database.ts";
import { debianRoot, debianUnavailable, inDebian, unlessRequired } from "../../../tools/debian.ts";
import { run, startServer, temporaryDirectory } from "./command.ts";
import { readText } from "./manifests.ts";

const postgres = await testPostgres();
const server = postgres as Exclude<typeof postgres, string>;
const reason =
  typeof postgres === "string"
    ? postgres
    : unlessRequired(
        debianUnavailable() ?? (server.directory ? undefined : "the PostgreSQL of these tests is not theirs"),
      );

describe.skipIf(reason !== undefined)(`a database${reason ? `: ${reason}` : ""}`, () => {
  it("is made by the compose file's script for a user who owns it and is no superuser, and who can work in it", async () => {
    const name = `nodes_${randomBytes(4).toString("hex")}`;
    const inside = `/tmp/${name}`;
    await mkdir(join(debianRoot, inside), { mode: 0o755 });
    try {
      const script = (await readText("docker/database/10-nodes.sh")).replaceAll(/\bprosopon\b/g, name);
      await writeFile(join(debianRoot, inside, "script"), script);
      await writeFile(join(debianRoot, inside, "password"), "of the nodes\n");
      const { port } = new URL(server.url);
      await inDebian(
        "env",
        "PATH=/usr/lib/postgresql/17/bin:/usr/bin:/bin",
        "PGHOST=127.0.0.1",
        `PGPORT=${port}`,
        "POSTGRES_USER=postgres",
        `NODES_PASSWORD_FILE=${inside}/password`,
        "sh",
        `${inside}/script`,
      );
      expect(
        await query(
          server.url,
          `SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = '${name}'`,
        ),
      ).toEqual([{ rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolbypassrls: false }]);
      const url = `postgres://${name}:of%20the%20nodes@127.0.0.1:${port}/${name}`;
      expect(await run(["migrate", "--database-url", url])).toMatchObject({ code: 0 });
      const node = await startServer(await temporaryDirectory(), ["--database-url", url]);
      expect((await fetch(`${node.url}/readyz`)).status).toBe(200);
      await node.stop();
    } finally {
      await execute(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await execute(server.url, `DROP ROLE IF EXISTS ${name}`);
      await rm(join(debianRoot, inside), { recursive: true });
    }
  });

  it("is reached by TLS alone where the address says so, and by none whose certificate is not trusted or of another name", async () => {
    const keys = await temporaryDirectory();
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: keys, stdio: "pipe" });
    const authority = (name: string) =>
      openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        `/CN=${name}`,
        "-keyout",
        `${name}.key`,
        "-out",
        `${name}.pem`,
      );
    authority("ours");
    authority("theirs");
    await writeFile(join(keys, "names"), "subjectAltName=IP:127.0.0.1\n");
    const [csr, key] = ["server.csr", "server.key"];
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=database", "-keyout", key, "-out", csr);
    const { uid, gid } = await stat(server.directory!);
    /** Has the server show a certificate that is signed by one of them. */
    const certify = async (by: string) => {
      const signer = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-extfile", "names"];
      openssl("x509", "-req", "-in", csr, ...signer, "-days", "2", "-out", "server.crt");
      for (const file of ["server.crt", key]) {
        const path = join(server.directory!, file);
        await copyFile(join(keys, file), path);
        await chown(path, uid, gid);
        await chmod(path, 0o600);
      }
      await execute(server.url, "SELECT pg_reload_conf()");
    };
    await certify("ours");
    await execute(server.url, "ALTER SYSTEM SET ssl = on");
    await execute(server.url, "SELECT pg_reload_conf()");
    const made = await createDatabase(server.url);
    const database = new URL(made.url).pathname.slice(1);
    const at = (host: string, ca: string) =>
      `${made.url.replace("127.0.0.1", host)}?sslmode=verify-full&sslrootcert=${join(keys, ca)}`;
    const node = await startServer(await temporaryDirectory(), [
      "--database-url",
      at("127.0.0.1", "ours.pem"),
    ]);
    const connections = await query<{ ssl: boolean }>(
      server.url,
      `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = '${database}'`,
    );
    expect(connections.length).toBeGreaterThan(1);
    expect(connections.filter(({ ssl }) => !ssl)).toEqual([]);

    // One that is not trusted is an outage like any other, and over when it is mended.
    const status = async () => (await fetch(`${node.url}/readyz`)).status;
    await certify("theirs");
    await execute(
      server.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
    );
    await expect.poll(status).toBe(503);
    await certify("ours");
    await expect.poll(status).toBe(200);
    await node.stop();
    for (const [url, says] of [
      [at("127.0.0.1", "theirs.pem"), /certificate|issuer/i],
      [at("localhost", "ours.pem"), /altnames|Hostname/i],
    ] as const) {
      const refused = await run(["migrate", "--database-url", url]);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(says) });
    }
    await made.drop();
  });
});
