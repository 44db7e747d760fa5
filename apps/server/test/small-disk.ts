import { spawnSync } from "node:child_process";
import { statfs } from "node:fs/promises";
import { afterAll, expect } from "vitest";
import { temporaryDirectory } from "./command.ts";
import { type Filler, fillerIn } from "./filler.ts";

export interface Disk extends Filler {
  directory: string;
  readOnly(on: boolean): void;
}

/** A file system of its own until the end of the test file; in words why there is none here. Never so in CI. */
export async function mountSmallDisk(bytes: number): Promise<Disk | string> {
  const mounted = await mount(bytes);
  if (typeof mounted === "string" && process.env["CI"])
    throw new Error(`This must run for real in CI: ${mounted}`);
  return mounted;
}

async function mount(bytes: number): Promise<Disk | string> {
  if (process.platform !== "linux") return "a small file system is mounted on Linux only";
  if (process.getuid?.() !== 0) return "mounting a small file system needs root";
  const directory = await temporaryDirectory();
  const mounting = (...options: string[]) =>
    spawnSync("mount", [...options, "prosopon-test", directory], { encoding: "utf8" });
  const { status, stderr } = mounting("-t", "tmpfs", "-o", `size=${bytes},mode=700`);
  if (status !== 0) return `this machine does not let root mount a tmpfs: ${stderr.trim()}`;
  afterAll(() => void spawnSync("umount", ["--lazy", directory]));
  const filler = fillerIn(directory);
  return {
    directory,
    ...filler,
    async fill() {
      await filler.fill();
      expect((await statfs(directory)).bavail).toBe(0);
    },
    readOnly(on) {
      const remounted = mounting("-o", `remount,${on ? "ro" : "rw"}`);
      if (remounted.status !== 0) throw new Error(remounted.stderr);
    },
  };
}
