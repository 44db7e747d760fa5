import { libraries, published } from "./published.ts";

/** What must hold beside the test suites. Each counts as one test, named by its promise. */
export interface Check {
  promise: string;
  command: string[];
  /** Folder relative to the root. */
  cwd?: string;
}

const node = process.execPath;

export const checks: Check[] = [
  { promise: "every type is right", command: ["turbo", "run", "typecheck", "--output-logs=errors-only"] },
  {
    promise: "lint holds, the import table included",
    command: ["oxlint", "--type-aware", "--deny-warnings"],
  },
  {
    promise: "files are small, none import each other in a circle, and a kind of job edits few",
    command: [node, "tools/structure.ts", "--check"],
  },
  { promise: "every file is formatted", command: ["oxfmt", "--check"] },
  { promise: "no code is dead", command: ["knip"] },
  { promise: "generated files are what their sources give", command: [node, "tools/generate.ts", "--check"] },
  {
    promise: "the client does not grow unseen",
    command: ["pnpm", "exec", "size-limit"],
    cwd: "packages/core",
  },
  ...published.map((cwd) => ({
    promise: `${cwd} is fit to publish`,
    command: ["publint", "--strict", "--pack", "false"],
    cwd,
  })),
  ...libraries.map((cwd) => ({
    promise: `the types of ${cwd} resolve for whoever installs it`,
    command: [node, "../../tools/attw.ts"],
    cwd,
  })),
];
