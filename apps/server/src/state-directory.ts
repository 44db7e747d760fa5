import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where the journal of earlier runs is kept by default; looked up when it is needed, since not every user has a home directory. */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const state = env["XDG_STATE_HOME"];
  if (state) return join(state, "prosopon");
  const home = homeDirectory();
  return home ? join(home, ".local", "state", "prosopon") : resolve(".prosopon-state");
}

/** Undefined for a user without `HOME` and without an entry in the system's list of users, as containers have. */
function homeDirectory(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}
