import { spawnSync } from "node:child_process";
import path from "node:path";

interface Finding {
  code?: string;
  filename: string;
  help?: string;
  note?: string;
}

export interface Imports {
  /** Files that import each other, values or types, in the order of the imports. Of those that hang together, the shortest. */
  circles: { files: number; shortest: string[] }[];
  /** Imports that the import table refuses. */
  refused: { file: string; why: string }[];
}

/** What the linter says of imports, by the rules that it enforces in `pnpm lint`. */
export function lintImports(root: string, files: string[] = []): Imports {
  const { stdout, stderr } = spawnSync(
    path.join(root, "node_modules/.bin/oxlint"),
    ["--format=json", ...files],
    { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  if (!stdout.startsWith("{")) throw new Error(`oxlint gave no report: ${stdout}${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Finding[] };
  const of = (code: string) => diagnostics.filter((finding) => finding.code === code);
  return {
    circles: joined(of("import(no-cycle)").map(circle)),
    refused: of("eslint(no-restricted-imports)").map(({ filename, help = "" }) => ({
      file: filename,
      why: help,
    })),
  };
}

/** The rule tells a circle in words, one file a line: `./b.ts (tools/b.ts)`. The last is the file that it was found in. */
function circle({ filename, note = "" }: Finding): string[] {
  const files = [...note.matchAll(/\((\S+)\)$/gm)].map(([, file]) => file!);
  if (files.at(-1) !== filename) throw new Error(`oxlint tells of a circle in words unknown here: ${note}`);
  return [filename, ...files];
}

/** One circle for all that share a file: whoever breaks it sees what is left. */
function joined(circles: string[][]): Imports["circles"] {
  let groups: { files: Set<string>; shortest: string[] }[] = [];
  for (const found of circles) {
    const meets = groups.filter(({ files }) => found.some((file) => files.has(file)));
    const all = [...meets, { files: new Set(found), shortest: found }];
    groups = groups.filter((group) => !meets.includes(group));
    groups.push({
      files: new Set(all.flatMap((group) => [...group.files])),
      shortest: all.map(({ shortest }) => shortest).sort((a, b) => a.length - b.length)[0]!,
    });
  }
  return groups.map(({ files, shortest }) => ({ files: files.size, shortest }));
}
