import { createRequire } from "node:module";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

/** Sources, not builds: a test of a package runs what is in its `src`. */
const conditions = ["@prosopon/source"];
/** As Node resolves it: Vite would give our sources its `module` build, another copy than the libraries around them use. */
const alias = [
  {
    find: /^graphql$/,
    replacement: createRequire(new URL("packages/graphql/package.json", import.meta.url)).resolve("graphql"),
  },
];

/**
 * Patience, ms: how long is waited for what must come, a server's start or a job's end. None of it is a promise of the product, and
 * a machine that is slow or busy fails nothing. What is promised in seconds is measured where it is promised.
 */
const WAIT_MS = 120_000;
const TEST_MS = 10 * 60_000;

/** Roots, and their files that want the machine for themselves: storms of kills, whole clusters, browsers, floods. They run one by one, after all others. */
const roots: Record<string, string[]> = {
  "packages/core": ["runtimes"],
  "packages/engine": [],
  "packages/models": [],
  "packages/service": ["big-upload", "login-flood", "postgres/backlog"],
  "packages/graphql": [],
  "packages/react-hooks": ["hooks"],
  "apps/server": [
    "compose",
    "disk-full",
    "enrol",
    "image",
    "kill",
    "migrate-data",
    "outages",
    "place-away",
    "roles",
    "upload",
  ],
  "apps/playground": ["collections", "job-actions", "walk"],
  "examples/react-app": ["enrol"],
  bench: ["chaos", "fuzz", "soak"],
  tools: ["examples"],
};

export default defineConfig({
  test: {
    globalSetup: ["./tools/postgres-setup.ts"],
    // Two cores: test files that run inference at the same time only wait for each other.
    maxWorkers: 2,
    projects: Object.entries(roots).flatMap(([root, alone]) => {
      const name = root.replace(/^.*\//, "");
      const files = alone.map((file) => `test/${file}.test.ts`);
      return [
        project(root, name, { include: ["test/**/*.test.{ts,tsx}"], exclude: files }),
        ...(files.length > 0
          ? [project(root, `${name}-alone`, { include: files, fileParallelism: false })]
          : []),
      ];
    }),
  },
});

function project(root: string, name: string, files: NonNullable<TestProjectInlineConfiguration["test"]>) {
  return {
    resolve: { conditions, alias },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name,
      root: `./${root}`,
      environment: "node",
      testTimeout: TEST_MS,
      hookTimeout: TEST_MS,
      expect: { poll: { timeout: WAIT_MS } },
      pool: "forks",
      execArgv: ["--conditions=@prosopon/source"],
      ...files,
    },
  } satisfies TestProjectInlineConfiguration;
}
