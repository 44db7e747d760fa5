import { spawnSync } from "node:child_process";
import { chown, mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { debianRoot } from "../../../tools/debian.ts";
import { execute, testPostgres } from "../../../packages/service/test/postgres/database.ts";
import { type Filler, fillerIn } from "./filler.ts";

export interface SmallDisk extends Filler {
  /** Of a tablespace for a database. */
  name: string;
  drop(): Promise<void>;
}

/** A tablespace on a file system of its own; in words why there can be none here. */
export async function smallDisk(megabytes: number): Promise<SmallDisk | string> {
  const postgres = await testPostgres();
  if (typeof postgres === "string") return postgres;
  if (!postgres.directory) return "the PostgreSQL of these tests is not theirs";
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "mounting a small file system needs root";
  const name = `small_${process.pid}`;
  const inside = join("/srv", name);
  const directory = join(debianRoot, inside);
  await mkdir(directory, { recursive: true });
  // The server has mounts of its own: this one is made among those, and seen through the server's root.
  const pid = Number.parseInt(await readFile(join(postgres.directory, "postmaster.pid"), "utf8"), 10);
  const among = (...command: string[]) =>
    spawnSync("nsenter", ["--target", String(pid), "--mount", ...command], { encoding: "utf8" });
  const { status, stderr } = among(
    "mount",
    "-t",
    "tmpfs",
    "-o",
    `size=${megabytes}m,mode=700`,
    name,
    directory,
  );
  if (status !== 0) return `this machine does not let root mount a tmpfs: ${stderr.trim()}`;
  const seen = `/proc/${pid}/root${inside}`;
  const { uid, gid } = await stat(postgres.directory);
  await chown(seen, uid, gid);
  await mkdir(join(seen, "data"), { mode: 0o700 });
  await chown(join(seen, "data"), uid, gid);
  await execute(postgres.url, `CREATE TABLESPACE ${name} LOCATION '${join(inside, "data")}'`);
  return {
    name,
    ...fillerIn(seen),
    async drop() {
      await execute(postgres.url, `DROP TABLESPACE ${name}`);
      among("umount", "--lazy", directory);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
