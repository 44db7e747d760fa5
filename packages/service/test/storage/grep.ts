/**
 * `node grep.ts DIRECTORY` reads needles of 8 bytes from its input and prints which of them occur in any file below.
 * A process of its own: closing a database file here would drop the test process's own locks on it.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const input = readFileSync(0);
const needles = new Set<bigint>();
for (let at = 0; at + 8 <= input.length; at += 8) needles.add(input.readBigUInt64LE(at));

const found = new Set<bigint>();
for (const entry of readdirSync(process.argv[2]!, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const bytes = readFileSync(join(entry.parentPath, entry.name));
  for (let at = 0; at + 8 <= bytes.length; at++) {
    const word = bytes.readBigUInt64LE(at);
    if (needles.has(word)) found.add(word);
  }
}
console.log(found.size);
