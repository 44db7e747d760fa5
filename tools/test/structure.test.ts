import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { isHandWritten, sourceFiles } from "../structure/files.ts";
import { lintImports } from "../structure/imports.ts";
import { commitsOfKinds, touchOf } from "../structure/touches.ts";

const root = path.resolve(import.meta.dirname, "../..");
const undo: (() => void)[] = [];
afterEach(() => undo.splice(0).forEach((work) => work()));

/** Files of the client that exist only for the moment. Returns their paths from the root. */
function probe(...sources: ((names: string[]) => string)[]): string[] {
  const names = sources.map((_, at) => `structure-probe-${process.pid}-${at}.ts`);
  const files = names.map((name) => `packages/core/src/${name}`);
  undo.push(() => files.forEach((file) => rmSync(path.join(root, file), { force: true })));
  files.forEach((file, at) => writeFileSync(path.join(root, file), sources[at]!(names)));
  return files;
}

const circleOfTypes = () =>
  probe(
    ([, second]) => `import type { B } from "./${second}";\nexport type A = { b?: B };\n`,
    ([, , third]) => `import type { C } from "./${third}";\nexport type B = { c?: C };\n`,
    ([first]) => `import type { A } from "./${first}";\nexport type C = { a?: A };\n`,
  );

/** A repository with one commit for each entry: its subject, and the files that it adds or changes. */
function repository(commits: [subject: string, files: string[]][]): string {
  const directory = mkdtempSync(path.join(tmpdir(), "prosopon-structure-"));
  undo.push(() => rmSync(directory, { recursive: true, force: true }));
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.com", ...args], {
      cwd: directory,
      stdio: "pipe",
    });
  git("init", "--quiet");
  commits.forEach(([subject, files], at) => {
    for (const file of files) {
      mkdirSync(path.join(directory, path.dirname(file)), { recursive: true });
      writeFileSync(
        path.join(directory, file),
        `export const kind = {} as const satisfies KindOfJob<"k", T>;\n${"line\n".repeat(at)}`,
      );
    }
    git("add", "--all");
    git("commit", "--quiet", "--message", subject);
  });
  return directory;
}

describe("circles of imports", () => {
  it("finds one of types alone, in the order of its imports", () => {
    const [first, second, third] = circleOfTypes();
    const { circles } = lintImports(root, [first!, second!, third!]);
    expect(circles).toHaveLength(1);
    expect(circles[0]!.files).toBe(3);
    const { shortest } = circles[0]!;
    expect(shortest.at(-1)).toBe(shortest[0]);
    const ring = [first, second, third, first, second, third].join(" ");
    expect(ring).toContain(shortest.slice(0, -1).join(" "));
  });

  it("makes one of two that share a file, and keeps two apart that share none", () => {
    const pair = (own: number, other: number) => (names: string[]) =>
      `import type { T${other} } from "./${names[other]}";\nexport type T${own} = { t?: T${other} };\n`;
    const both = (names: string[]) =>
      `import type { T1 } from "./${names[1]}";\nimport type { T2 } from "./${names[2]}";\nexport type T0 = { t?: T1 | T2 };\n`;
    const files = probe(both, pair(1, 0), pair(2, 0), pair(3, 4), pair(4, 3));
    const { circles } = lintImports(root, files);
    expect(circles.map((circle) => circle.files).sort((a, b) => a - b)).toEqual([2, 3]);
    expect(circles.map((circle) => circle.shortest.length)).toEqual([3, 3]);
  });

  it("fails the check, which names the goal that was missed", () => {
    const [first] = circleOfTypes();
    const command = ["tools/structure.ts", "--check", "--json"];
    const { status, stdout } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^MISSED {2}circles of imports: \d+ \(goal <= 0\)$/m);
    expect(stdout).toMatch(/^holds {3}lines of a file, median: \d+ \(goal <= 80\)$/m);
    const { circles } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as {
      circles: { shortest: string[] }[];
    };
    expect(circles.flatMap(({ shortest }) => shortest)).toContain(first);
  });
});

it("tells of an import that the table refuses", () => {
  const files = probe(() => `import * as other from "@prosopon/engine";\nexport const used = other;\n`);
  const { refused } = lintImports(root, files);
  expect(refused).toEqual([
    { file: files[0], why: expect.stringContaining("packages/core may import nothing") },
  ]);
});

it.each([
  ["packages/core/src/client.ts", true],
  ["packages/core/package.json", true],
  ["packages/core/test/client.test.ts", false],
  ["packages/react-hooks/src/generated/hooks.ts", false],
  ["packages/service/src/gallery/kernel.generated.ts", false],
  ["packages/graphql/schema.graphql", false],
  ["docs/openapi.json", false],
  [".changeset/kinds.md", false],
  ["README.md", false],
])("says whether %s is hand-written source: %s", (file, is) => {
  expect(isHandWritten(file)).toBe(is);
});

it("counts the lines of source, largest first, and leaves tests and documents out", () => {
  const directory = repository([
    ["one", ["src/small.ts", "test/a.test.ts", "README.md"]],
    ["two", ["src/large.ts", "src/generated/all.ts"]],
  ]);
  writeFileSync(path.join(directory, "src/new.sql"), "a\nb\nc\n");
  expect(sourceFiles(directory)).toEqual([
    { file: "src/new.sql", lines: 3 },
    { file: "src/large.ts", lines: 2 },
    { file: "src/small.ts", lines: 1 },
  ]);
});

it("finds the commits that added a kind of job, and counts the hand-written files of each", () => {
  const kinds = "packages/core/src/contract/jobs";
  const directory = repository([
    ["refactor: give kinds a folder", [`${kinds}/enrol.ts`, `${kinds}/index.ts`]],
    ["feat: detect", [`${kinds}/detect.ts`, `${kinds}/index.ts`]],
    [
      "feat(service): compare",
      [`${kinds}/compare.ts`, "packages/core/src/index.ts", "docs/a.md", "packages/core/test/b.test.ts"],
    ],
    ["feat: other", [`${kinds}/enrol.ts`]],
    ["feat: identify", [`${kinds}/identify.ts`, "packages/graphql/schema.graphql"]],
  ]);
  const touches = commitsOfKinds(directory).map((commit) => touchOf(directory, commit));
  expect(touches).toEqual([
    {
      commit: expect.any(String),
      subject: "feat(service): compare",
      files: [`${kinds}/compare.ts`, "packages/core/src/index.ts"],
    },
    { commit: expect.any(String), subject: "feat: identify", files: [`${kinds}/identify.ts`] },
  ]);
});
