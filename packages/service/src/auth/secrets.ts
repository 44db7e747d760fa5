import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import { HttpProblem } from "../problem.ts";

/** Argon2id, OWASP's first choice of 2024: 19 MiB, two passes, one lane; 20 to 40 ms on one core. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** At once: each takes 19 MiB and a thread of libuv's four, which the disk needs too. */
const CONCURRENCY = 2;
/** Waiting: 32 x 40 ms / 2 is well under a second. */
const MAX_WAITING = 32;

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
  let running = 0;
  const waiting: (() => void)[] = [];
  let nobody: Promise<string> | undefined;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= CONCURRENCY) {
      if (waiting.length >= MAX_WAITING)
        throw new HttpProblem(429, "too many logins at once: try again in a moment", { "retry-after": "1" });
      await new Promise<void>((resolve) => void waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  return {
    hash: (secret) => inTurn(() => hash(secret, PARAMETERS)),
    async verify(secretHash, secret) {
      nobody ??= hash(randomToken(32), PARAMETERS);
      const against = secretHash ?? (await nobody);
      const right = await inTurn(() => verify(against, secret));
      return secretHash !== undefined && right;
    },
  };
}
