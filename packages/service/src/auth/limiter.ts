import { isIPv6 } from "node:net";
import type { Clock } from "../clock.ts";
import type { Limits } from "../limits.ts";
import { HttpProblem } from "../problem.ts";

/** Client ids and addresses remembered; the oldest give way, so a flood of made-up ones costs no memory. */
const MAX_KEYS = 10_000;

export interface LoginLimiter {
  /** @throws HttpProblem 429 with `Retry-After`. */
  check(clientId: string, address: string | undefined): void;
  failed(clientId: string, address: string | undefined): void;
  succeeded(clientId: string, address: string | undefined): void;
}

/** Counts wrong logins by address and client id, so that a stranger's guesses don't lock the owner out. */
export function createLoginLimiter(clock: Clock, limits: Limits): LoginLimiter {
  const failures = new Map<string, { count: number; until: number }>();
  const keyOf = (clientId: string, address = "") => `${network(address)} ${clientId.slice(0, 256)}`;

  return {
    check(clientId, address) {
      const entry = failures.get(keyOf(clientId, address));
      const wait = entry ? entry.until - clock.now() : 0;
      if (!entry || wait <= 0 || entry.count < limits.loginFailures) return;
      const seconds = Math.ceil(wait / 1000);
      throw new HttpProblem(429, `too many wrong logins: try again in ${seconds} s`, {
        "retry-after": String(seconds),
      });
    },
    failed(clientId, address) {
      const key = keyOf(clientId, address);
      const entry = failures.get(key);
      const fresh = !entry || entry.until <= clock.now();
      failures.delete(key);
      failures.set(
        key,
        fresh
          ? { count: 1, until: clock.now() + limits.loginWindowMs }
          : { count: entry.count + 1, until: entry.until },
      );
      if (failures.size > MAX_KEYS) failures.delete(failures.keys().next().value!);
    },
    succeeded(clientId, address) {
      failures.delete(keyOf(clientId, address));
    },
  };
}

/** One host of IPv6 has 2^64 addresses to guess from: a /64 counts as one, and a mapped IPv4 address as itself. */
function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  if (!isIPv6(address)) return address;
  const [before = "", after = ""] = address.toLowerCase().split("::");
  const [head, tail] = [before, after].map((part) => (part === "" ? [] : part.split(":")));
  const missing = address.includes("::") ? 8 - head!.length - tail!.length : 0;
  const groups = [...head!, ...Array.from({ length: missing }, () => "0"), ...tail!];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
