import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

/** Argon2id, OWASP's first choice of 2024: 19 MiB, two passes, one lane; 20 to 40 ms on one core. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export interface Secrets {
  hash(secret: string): Promise<string>;
  /** Takes the same time for an unknown client (`secretHash` undefined) as for a wrong secret. */
  verify(secretHash: string | undefined, secret: string): Promise<boolean>;
}

/** A new random token of `bytes` bytes in the alphabet that clients paste un-encoded; never begins like an option. */
export function randomToken(bytes: number): string {
  let token: string;
  do token = randomBytes(bytes).toString("base64url");
  while (/^[-_]/.test(token));
  return token;
}

export function createSecrets(): Secrets {
  let nobody: Promise<string> | undefined;

  return {
    hash: (secret) => hash(secret, PARAMETERS),
    async verify(secretHash, secret) {
      nobody ??= hash(randomToken(32), PARAMETERS);
      const against = secretHash ?? (await nobody);
      const right = await verify(against, secret);
      return secretHash !== undefined && right;
    },
  };
}
