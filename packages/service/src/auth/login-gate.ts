import { TooManyError } from "../errors/too-many-error.ts";
import { createFairQueue } from "./fair-queue.ts";
import type { LoginLimiter } from "./limiter.ts";
import { network } from "./network.ts";

/** At once: each hash takes 19 MiB and one of libuv's four threads, which the disk needs too. */
const AT_ONCE = 2;
/** Waiting of one address and of all: a hash takes 20 to 40 ms, so the last of an address waits some 2 s when it is alone. */
const PER_ADDRESS = 128;
const ALL = 1_024;

/** What stands before the slow hash: addresses take turns, and the client ids of an address. */
export interface LoginGate {
  /**
   * @param attempt answers undefined for a wrong login
   * @throws TooManyError
   */
  enter<T>(
    who: { clientId: string; address: string | undefined },
    attempt: () => Promise<T | undefined>,
  ): Promise<T | undefined>;
}

export function createLoginGate(limiter: LoginLimiter): LoginGate {
  const queue = createFairQueue({ atOnce: AT_ONCE, perGroup: PER_ADDRESS, all: ALL });
  return {
    async enter({ clientId, address }, attempt) {
      limiter.check(clientId, address);
      const entered = queue.enter(
        {
          group: network(address ?? ""),
          key: clientId.slice(0, 256),
          // Whoever logged in from there before is no guesser.
          first: limiter.knows(clientId, address),
        },
        async () => {
          // Again: of many guesses sent at once, those before this one have failed meanwhile.
          limiter.check(clientId, address);
          // Counted before it is known, so that those in work at the same time count too.
          const forgive = limiter.failed(clientId, address);
          try {
            const answer = await attempt();
            if (answer === undefined) return undefined;
            forgive();
            limiter.succeeded(clientId, address);
            return answer;
          } catch (error) {
            forgive();
            throw error;
          }
        },
      );
      if (entered) return entered;
      throw new TooManyError("too many logins at once: try again in a moment", 1);
    },
  };
}
