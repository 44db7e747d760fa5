import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Resident memory of a process, in megabytes of 1,000,000 bytes. */
export function residentMegabytes(pid: number): number {
  const kibibytes =
    process.platform === "linux"
      ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1])
      : Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" }));
  return (kibibytes * 1024) / 1e6;
}
