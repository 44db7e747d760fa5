import type { Clock } from "../clock.ts";
import { TooManyError } from "../errors/too-many-error.ts";
import type { Limits } from "../limits.ts";
import { network } from "./network.ts";

/** Pairs and addresses remembered; the oldest give way, so a flood of made-up ones costs no memory. */
const MAX_KEYS = 10_000;
/** How long an address is known for a client id that logged in from there. */
const KNOWN_MS = 24 * 3_600_000;

export interface LoginLimiter {
  /** @throws TooManyError */
  check(clientId: string, address: string | undefined): void;
  /** Returns what takes it back. */
  failed(clientId: string, address: string | undefined): () => void;
  succeeded(clientId: string, address: string | undefined): void;
  /** Whether the client id logged in from that address lately: others' guesses from there don't keep it out. */
  knows(clientId: string, address: string | undefined): boolean;
}

interface Entry {
  count: number;
  until: number;
}

/**
 * Counts wrong logins by address and client id, so that a stranger's guesses don't lock the owner out, and by address alone, so
 * that many client ids are no way around that.
 */
export function createLoginLimiter(clock: Clock, limits: Limits): LoginLimiter {
  const pairs = new Map<string, Entry>();
  const addresses = new Map<string, Entry>();
  const known = new Map<string, number>();
  const keyOf = (clientId: string, address = "") => `${network(address)} ${clientId.slice(0, 256)}`;

  function refuse(entry: Entry | undefined, most: number): void {
    const wait = entry ? entry.until - clock.now() : 0;
    // A clock that was set back makes no window longer.
    if (!entry || wait <= 0 || wait > limits.loginWindowMs || entry.count < most) return;
    const seconds = Math.ceil(wait / 1000);
    throw new TooManyError(`too many wrong logins: try again in ${seconds} s`, seconds);
  }

  function count(entries: Map<string, Entry>, key: string): void {
    const entry = entries.get(key);
    const fresh = !entry || entry.until <= clock.now();
    entries.delete(key);
    entries.set(
      key,
      fresh ? { count: 1, until: clock.now() + limits.loginWindowMs } : { ...entry, count: entry.count + 1 },
    );
    if (entries.size > MAX_KEYS) entries.delete(entries.keys().next().value!);
  }

  function discount(entries: Map<string, Entry>, key: string): void {
    const entry = entries.get(key);
    if (entry && entry.count > 1) entry.count -= 1;
    else entries.delete(key);
  }

  const knows: LoginLimiter["knows"] = (clientId, address) =>
    (known.get(keyOf(clientId, address)) ?? 0) > clock.now();

  return {
    check(clientId, address) {
      refuse(pairs.get(keyOf(clientId, address)), limits.loginFailures);
      if (!knows(clientId, address)) refuse(addresses.get(network(address ?? "")), limits.addressFailures);
    },
    failed(clientId, address) {
      const [pair, from] = [keyOf(clientId, address), network(address ?? "")];
      count(pairs, pair);
      count(addresses, from);
      return () => {
        discount(pairs, pair);
        discount(addresses, from);
      };
    },
    succeeded(clientId, address) {
      const key = keyOf(clientId, address);
      pairs.delete(key);
      known.delete(key);
      known.set(key, clock.now() + KNOWN_MS);
      if (known.size > MAX_KEYS) known.delete(known.keys().next().value!);
    },
    knows,
  };
}
