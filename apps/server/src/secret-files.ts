import { readFileSync } from "node:fs";
import { UsageError } from "./errors.ts";

/** Orchestrators hand secrets over as files: `PROSOPON_DATABASE_URL_FILE` names the file that holds PROSOPON_DATABASE_URL. */
export const SECRET_VARIABLES = [
  "PROSOPON_DATABASE_URL",
  "PROSOPON_DATABASE_DIRECT_URL",
  "PROSOPON_SECRET_ID",
  "PROSOPON_S3_ACCESS_KEY_ID",
  "PROSOPON_S3_SECRET_ACCESS_KEY",
  "PROSOPON_S3_SESSION_TOKEN",
] as const;

/** @throws UsageError when a file cannot be read, is empty, or its variable is set too. */
export function readSecretFiles(env: NodeJS.ProcessEnv = process.env): void {
  for (const name of SECRET_VARIABLES) {
    const file = env[`${name}_FILE`]?.trim();
    if (!file) continue;
    if (env[name]?.trim()) throw new UsageError(`${name} and ${name}_FILE are both set: keep one of them.`);
    const secret = read(name, file).replace(/\r?\n$/, "");
    if (secret === "") throw new UsageError(`${name}_FILE names ${file}, which is empty.`);
    env[name] = secret;
  }
}

/** What it is now: a file's text may have been replaced since the start. What cannot be read at the moment is as it was. */
export function rereadSecret(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const file = env[`${name}_FILE`]?.trim();
  if (file) {
    try {
      const secret = read(name, file).replace(/\r?\n$/, "");
      if (secret !== "") env[name] = secret;
    } catch {
      // Being replaced this moment; whoever meets the old one refused asks again.
    }
  }
  return env[name]?.trim() || undefined;
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${name}_FILE names ${file}, which cannot be read (${code}). It must be there and readable for user ${process.getuid?.() ?? ""}.`,
      { cause: error },
    );
  }
}
