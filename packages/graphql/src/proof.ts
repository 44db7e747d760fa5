import type { Client } from "@prosopon/core";
import { isMissing, isUnsupported } from "./upstream.ts";

/** A proof is good for so long: shorter than anybody waits after signing out. */
const GOOD_MS = 5_000;
const KEPT = 1_000;

/**
 * Whose token it is, by any answer that only a valid token gets: the client id, or the token itself where the server tells none.
 * @throws the client's error for a token that is not good, and for a server that does not answer
 */
export async function prove(client: Client, token: string): Promise<string> {
  try {
    return (await client.account()).client_id;
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    await client.jobs.get({ id: "none", kind: "enrol" }).catch((answer: unknown) => {
      if (!isMissing(answer)) throw answer;
    });
    return token;
  }
}

/** `prove`, remembered for a moment: who sends a hundred photos is not asked a hundred times. */
export function createProofs(clientOf: (token: string) => Client): (token: string) => Promise<string> {
  const proofs = new Map<string, { until: number; account: string }>();
  return async (token) => {
    const proof = proofs.get(token);
    if (proof && proof.until > performance.now()) return proof.account;
    proofs.delete(token);
    const account = await prove(clientOf(token), token);
    proofs.set(token, { until: performance.now() + GOOD_MS, account });
    const oldest = proofs.size > KEPT ? proofs.keys().next().value : undefined;
    if (oldest !== undefined) proofs.delete(oldest);
    return account;
  };
}
