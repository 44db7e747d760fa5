/** Moves a directory and says each batch, until it is killed. */
import { writeSync } from "node:fs";
import { transferToPostgres } from "../../../src/storage/transfer/transfer.ts";

const [from, to] = process.argv.slice(2) as [string, string];
const { outcome } = await transferToPostgres({
  from,
  to,
  onProgress: ({ stage, table, rows }) => void writeSync(1, `${stage} ${table} ${rows}\n`),
});
writeSync(1, `${outcome}\n`);
