/**
 * Runs every generator; with `--check` writes nothing and fails where a committed file is not what its source gives.
 * A package that generates something has it in `build/` under the same flag.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const generators = [
  "packages/service/build/kernel.ts",
  "packages/service/build/migrations.ts",
  "packages/service/build/openapi.ts",
  "packages/graphql/build/schema.ts",
  "packages/react-hooks/build/hooks.ts",
  "apps/server/build/cli-docs.ts",
  "tools/benchmarks.ts",
  "tools/snippets.ts",
  "tools/architecture.ts",
  "tools/scale.ts",
  "tools/sizing.ts",
];

let failed = false;
for (const generator of generators) {
  if (!existsSync(path.join(root, generator))) {
    console.log(`${generator} is missing`);
    failed = true;
    continue;
  }
  const { status } = spawnSync(
    process.execPath,
    ["--conditions=@prosopon/source", generator, ...process.argv.slice(2)],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  if (status !== 0) {
    console.log(`${generator}: run \`pnpm generate\` and commit what it writes`);
    failed = true;
  }
}
process.exitCode = failed ? 1 : 0;
