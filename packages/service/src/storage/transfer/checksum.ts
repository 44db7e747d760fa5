import { createHash } from "node:crypto";
import type { Row } from "./columns.ts";

export interface Checksum {
  rows: number;
  /** SHA-256 over the rows in the order of their keys, hexadecimal. */
  sha256: string;
}

/** One line of JSON for each row; bytes in base64. */
export function lineOf(row: Row): string {
  return JSON.stringify(row.map((value) => (Buffer.isBuffer(value) ? value.toString("base64") : value)));
}

export function createChecksum(): { add(rows: readonly Row[]): void; end(): Checksum } {
  const hash = createHash("sha256");
  let count = 0;
  return {
    add(rows) {
      if (rows.length > 0) hash.update(`${rows.map(lineOf).join("\n")}\n`);
      count += rows.length;
    },
    end: () => ({ rows: count, sha256: hash.digest("hex") }),
  };
}
