import type { Storage } from "../../src/storage/types.ts";
import { accountsContract } from "./contract/accounts.ts";
import { collectionsContract } from "./contract/collections.ts";
import { cancelContract } from "./contract/cancel.ts";
import { deadJobsContract } from "./contract/dead.ts";
import { eventsContract } from "./contract/events.ts";
import { identitiesContract } from "./contract/identities.ts";
import { jobsContract } from "./contract/jobs.ts";
import { matchingContract } from "./contract/matching.ts";
import { queueContract } from "./contract/queue.ts";
import { quotasContract } from "./contract/quotas.ts";
import { recognisersContract } from "./contract/recognisers.ts";
import { recordContract } from "./contract/record.ts";
import { separationContract } from "./contract/separation.ts";
import { uploadsContract } from "./contract/uploads.ts";
import { describe } from "vitest";

export interface Opened {
  storage: Storage;
  /** Closes and opens again over the same data. */
  reopen(): Promise<Storage>;
  cleanup(): Promise<void>;
}

/** What every back-end promises. `open` gives an empty storage each time. */
export function storageContract(name: string, open: () => Promise<Opened>): void {
  describe(`${name} storage`, () => {
    accountsContract(open);
    collectionsContract(open);
    recognisersContract(open);
    queueContract(open);
    jobsContract(open);
    recordContract(open);
    quotasContract(open);
    cancelContract(open);
    deadJobsContract(open);
    eventsContract(open);
    identitiesContract(open);
    matchingContract(open);
    uploadsContract(open);
    separationContract(open);
  });
}
