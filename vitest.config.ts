import { createRequire } from "node:module";
import { defineConfig } from "vitest/config";

/** Sources, not builds: a test of a package runs what is in its `src`. */
const conditions = ["@prosopon/source"];
/** As Node resolves it: Vite would give our sources its `module` build, another copy than the libraries around them use. */
const alias = [
  {
    find: /^graphql$/,
    replacement: createRequire(new URL("packages/graphql/package.json", import.meta.url)).resolve("graphql"),
  },
];

export default defineConfig({
  test: {
    globalSetup: ["./tools/postgres-setup.ts"],
    // Two cores: test files that run inference at the same time only wait for each other.
    maxWorkers: 2,
    projects: [
      "packages/core",
      "packages/engine",
      "packages/models",
      "packages/service",
      "packages/graphql",
      "packages/react-hooks",
      "apps/server",
      "apps/playground",
      "examples/react-app",
      "bench",
      "tools",
    ].map((root) => ({
      resolve: { conditions, alias },
      ssr: { resolve: { conditions, externalConditions: conditions } },
      test: {
        name: root.replace(/^.*\//, ""),
        root: `./${root}`,
        include: ["test/**/*.test.{ts,tsx}"],
        environment: "node",
        testTimeout: 60_000,
        hookTimeout: 120_000,
        pool: "forks",
        execArgv: ["--conditions=@prosopon/source"],
      },
    })),
  },
});
