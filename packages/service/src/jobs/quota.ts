import type { JobKind } from "@prosopon/core/contract";
import { TooManyError } from "../errors/too-many-error.ts";
import type { Limits } from "../limits.ts";
import { checkUsage, usedUp } from "../storage/rules/quotas.ts";
import { type Storage, StorageError } from "../storage/types.ts";

/** Refuses early, and bounds what is under way, where the storage bounds only what has arrived. */
export interface Quota {
  /**
   * Before a body with images is read: a place among the account's uploads at once, until `leave`.
   * @param kind of the job that the images are for; without one they are for an upload
   * @throws TooManyError; StorageError `quota`
   */
  enter(accountId: string, kind?: JobKind): Promise<Arrival>;
}

/** A request that is being received. */
export interface Arrival {
  /** Some bytes of an image have come. @throws StorageError `quota`, `too-large` */
  add(bytes: number): void;
  /** Refused, answered, or in the storage; said again, it changes nothing. */
  leave(): void;
}

/** An account's requests that are being received by this node. */
interface Arrivals {
  count: number;
  bytes: number;
  /** Bytes that the account had in the storage when one of them last asked. */
  pending: number;
}

export function createQuota(storage: Storage, limits: Limits): Quota {
  const accounts = new Map<string, Arrivals>();

  async function checkPeople(accountId: string, kind: JobKind): Promise<void> {
    const enrols = kind === "enrol";
    if (!enrols && kind !== "add-images") return;
    if (limits.faces === Infinity && !(enrols && limits.identities < Infinity)) return;
    const { identities, faces } = await storage.identities.count(accountId);
    if (enrols && identities >= limits.identities)
      throw new StorageError("quota", usedUp("identities", limits.identities));
    if (faces >= limits.faces) throw new StorageError("quota", usedUp("faces", limits.faces));
  }

  return {
    async enter(accountId, kind) {
      const arrivals = accounts.get(accountId) ?? { count: 0, bytes: 0, pending: 0 };
      if (arrivals.count >= limits.uploadsAtOnce)
        throw new TooManyError(
          `The account has its quota of ${limits.uploadsAtOnce} uploads at once. Send the next when one of them has been answered.`,
          1,
        );
      // At once: however many ask meanwhile, no more than there are places get one.
      accounts.set(accountId, arrivals);
      arrivals.count += 1;
      let own = 0;
      let left = false;
      const leave = () => {
        if (left) return;
        left = true;
        arrivals.bytes -= own;
        own = 0;
        if (--arrivals.count === 0) accounts.delete(accountId);
      };
      try {
        const usage = await storage.accounts.usage(accountId);
        arrivals.pending = usage.pendingBytes;
        checkUsage(usage, { unfinishedJobs: kind ? 1 : 0, pendingBytes: 0 }, limits);
        if (kind) await checkPeople(accountId, kind);
      } catch (error) {
        leave();
        throw error;
      }
      return {
        add(bytes) {
          own += bytes;
          arrivals.bytes += bytes;
          const others = { unfinishedJobs: 0, pendingBytes: arrivals.pending + arrivals.bytes - own };
          checkUsage(others, { unfinishedJobs: 0, pendingBytes: own }, limits);
        },
        leave,
      };
    },
  };
}
