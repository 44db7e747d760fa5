import { execFileSync } from "node:child_process";

/** Files of a checkout by their paths from its root, what is not committed yet included. A deleted one stays until the index loses it. */
export function listed(root: string, ...patterns: string[]): string[] {
  const command = ["ls-files", "--cached", "--others", "--exclude-standard", ...patterns];
  const files = execFileSync("git", command, { cwd: root, encoding: "utf8" });
  return [...new Set(files.split("\n").filter(Boolean))];
}
