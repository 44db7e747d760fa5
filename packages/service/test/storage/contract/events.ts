import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../../../src/storage/types.ts";
import type { Opened } from "../contract.ts";
import { claimOne, enqueue, enrol, enrolment, face, newAccount } from "../samples.ts";
import { perTest } from "./opened.ts";

export function eventsContract(open: () => Promise<Opened>): void {
  describe("events", () => {
    const { current, reopen } = perTest(open);

    it("tells and keeps every change of status, in order, numbered within the account", async () => {
      const [one, two] = [await newAccount(current()), await newAccount(current())];
      const told: StoredEvent[] = [];
      const stop = current().events.listen((event) => told.push(event));
      const { jobId } = await enrol(current(), one, [face(1)]);
      await enrol(current(), two, [face(2)]);
      const expected = ["Sent", "Started", "Succeeded"].map((status, index) => ({
        seq: index + 1,
        accountId: one,
        jobId,
        status,
      }));
      expect(told.filter((event) => event.accountId === one)).toEqual(expected);
      stop();
      await enqueue(current(), one, enrolment);
      expect(told).toHaveLength(6);
      const storage = await reopen();
      expect(await storage.events.since(one, 0, 3)).toEqual({ events: expected, complete: true });
      expect((await storage.events.since(one, 1, 9)).events.map((event) => event.seq)).toEqual([2, 3, 4]);
      expect(await storage.events.head(one)).toBe(4);
      expect(await storage.events.head("unknown")).toBe(0);
    });

    it("tells a change only after it can be read", async () => {
      const accountId = await newAccount(current());
      const seen: Promise<unknown>[] = [];
      current().events.listen((event) => seen.push(current().jobs.get(accountId, event.jobId)));
      await enqueue(current(), accountId, enrolment);
      expect(await Promise.all(seen)).toMatchObject([{ status: "Sent" }]);
    });

    it("admits when a cursor is older than what is kept, or not of this account's history", async () => {
      const accountId = await newAccount(current());
      await enrol(current(), accountId, [face(1)], { now: 2000 });
      await enqueue(current(), accountId, enrolment, 9000);
      await current().jobs.sweep(5000);
      expect(await current().events.since(accountId, 2, 9)).toMatchObject({ complete: false });
      expect(await current().events.since(accountId, 3, 9)).toMatchObject({
        complete: true,
        events: [{ seq: 4 }],
      });
      expect(await current().events.since(accountId, 77, 9)).toMatchObject({ complete: false, events: [] });
    });

    it("wakes workers when a job comes or comes back", async () => {
      let woken = 0;
      const stop = current().events.onDue(() => woken++);
      const jobId = await enqueue(current(), await newAccount(current()), enrolment);
      expect(woken).toBe(1);
      const { leaseId } = (await claimOne(current()))!;
      await current().jobs.release({ jobId, leaseId }, { at: 5000, countAttempt: true });
      expect(woken).toBe(2);
      stop();
    });
  });
}
