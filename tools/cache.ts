import { homedir } from "node:os";
import path from "node:path";

/** What tests and benches fetch once for all. */
export const cacheDirectory: string = path.join(
  process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"),
  "prosopon",
);
