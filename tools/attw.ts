/** Packs the package of this folder as it would be published and asks `attw` whether its types resolve. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const directory = mkdtempSync(path.join(tmpdir(), "prosopon-pack-"));
try {
  execFileSync("pnpm", ["pack", "--pack-destination", directory], { stdio: "pipe" });
  const [tarball = ""] = readdirSync(directory);
  execFileSync(
    "attw",
    [path.join(directory, tarball), "--profile", "esm-only", "--exclude-entrypoints", "schema.graphql"],
    {
      stdio: "inherit",
    },
  );
} finally {
  rmSync(directory, { recursive: true, force: true });
}
