import { describe, expect, it } from "vitest";
import { createQuota } from "../src/jobs/quota.ts";
import { defaultLimits } from "../src/limits.ts";
import type { JobRecord, Storage, StoredEvent } from "../src/storage/types.ts";

/** A storage of which only what the quota asks for is there, so that a test can say when. */
function storage(unfinished: () => Promise<Pick<JobRecord, "id">[]>) {
  let tell: (event: StoredEvent) => void = () => {};
  const listen: Storage["events"]["listen"] = (listener) => {
    tell = listener;
    return () => {};
  };
  const all = { jobs: { unfinished }, events: { listen } } as unknown as Storage;
  const event = (jobId: string, status: StoredEvent["status"]) =>
    tell({ seq: 1, accountId: "account", jobId, status });
  return { all, event };
}

describe("an account's unfinished jobs", () => {
  const limits = { ...defaultLimits, unfinishedJobs: 2 };
  const refused = { status: 429 };

  it("leave out one that ended while they were being read", async () => {
    const { promise, resolve } = Promise.withResolvers<{ id: string }[]>();
    const { all, event } = storage(() => promise);
    const quota = createQuota(all, limits);
    const first = quota.check("account");
    event("one", "Succeeded");
    event("three", "Sent");
    resolve([{ id: "one" }, { id: "two" }]);
    await expect(first).rejects.toMatchObject(refused);
    event("two", "Failed");
    await quota.check("account");
    event("three", "Succeeded");
    event("four", "Sent");
    await quota.check("account");
  });

  it("are read again when the database was away, and by nobody taken for none meanwhile", async () => {
    let away = true;
    const { all } = storage(async () => {
      if (away) throw new Error("away");
      return [{ id: "one" }, { id: "two" }];
    });
    const quota = createQuota(all, limits);
    const checks = await Promise.allSettled([quota.check("account"), quota.check("account")]);
    expect(checks.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    away = false;
    await expect(quota.check("account")).rejects.toMatchObject(refused);
  });
});
