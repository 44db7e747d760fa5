import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { debianRoot, endServer, inDebian, installDebian, serverDirectory } from "./debian.ts";

/** Debian's HAProxy with this configuration; it listens where that says. */
export async function startHaproxy(
  configuration: string,
  { owner = process.pid } = {},
): Promise<{ stop(): Promise<void> }> {
  await installDebian();
  const directory = await serverDirectory(owner, `haproxy-${randomBytes(4).toString("hex")}`);
  await writeFile(path.join(debianRoot, directory, "haproxy.cfg"), configuration);
  await inDebian(
    "/usr/sbin/haproxy",
    "-D",
    "-p",
    `${directory}/server.pid`,
    "-f",
    `${directory}/haproxy.cfg`,
  );
  return {
    async stop() {
      await endServer(`${directory}/server.pid`, "SIGTERM");
      await rm(path.join(debianRoot, directory), { recursive: true, force: true });
    },
  };
}
