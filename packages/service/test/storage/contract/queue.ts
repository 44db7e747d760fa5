import { describe, expect, it } from "vitest";
import type { JobPayload } from "../../../src/storage/types.ts";
import type { Opened } from "../contract.ts";
import { claimOne, enqueue, enrol, enrolment, face, newAccount, recogniser } from "../samples.ts";
import { perTest } from "./opened.ts";

const search: JobPayload = { kind: "search", images: [], maxResult: 10 };

export function queueContract(open: () => Promise<Opened>): void {
  describe("jobs.claim", () => {
    const { current, reopen } = perTest(open);

    it("still has every acknowledged job after a reopening", async () => {
      const accountId = await newAccount(current());
      const payload: JobPayload = {
        kind: "enrol",
        images: [{ blobId: "b1", size: 3 }],
        externalId: "x",
        metadata: { name: "Zoë", nested: { a: [1] } },
      };
      const jobId = await enqueue(current(), accountId, payload);
      const storage = await reopen();
      expect(await claimOne(storage)).toMatchObject({
        id: jobId,
        status: "Started",
        attempts: 1,
        payload,
        startedAt: 2000,
      });
    });

    it("takes searches before enrolments, and each by age", async () => {
      const accountId = await newAccount(current());
      const ids = [];
      for (const payload of [enrolment, search, enrolment, search])
        ids.push(await enqueue(current(), accountId, payload));
      const claimed = await current().jobs.claim({ limit: 10, leaseMs: 1000, maxAttempts: 3, now: 2000 });
      expect(claimed.map((job) => job.id)).toEqual([ids[1], ids[3], ids[0], ids[2]]);
    });

    it("lets accounts take turns, so that many jobs of one don't hold up another's", async () => {
      const [loud, quiet] = [await newAccount(current()), await newAccount(current())];
      for (let i = 0; i < 20; i++) await enqueue(current(), loud, enrolment);
      await enqueue(current(), quiet, enrolment);
      const first = await claimOne(current());
      const second = await claimOne(current());
      expect(new Set([first?.accountId, second?.accountId])).toEqual(new Set([loud, quiet]));
    });

    it("keeps to a limit for lookups and one for imports", async () => {
      const accountId = await newAccount(current());
      for (const payload of [enrolment, enrolment, enrolment, search, search])
        await enqueue(current(), accountId, payload);
      const kinds = async (lookups: number, imports: number) =>
        (
          await current().jobs.claim({
            limit: { lookups, imports },
            leaseMs: 1000,
            maxAttempts: 3,
            now: 2000,
          })
        ).map(({ kind }) => kind);
      expect(await kinds(0, 1)).toEqual(["enrol"]);
      expect(await kinds(1, 0)).toEqual(["search"]);
      expect(await kinds(3, 1)).toEqual(["search", "enrol"]);
      expect(await kinds(3, 3)).toEqual(["enrol"]);
    });

    it("lets a search of an account that comes back go before those in work, and be claimed for that", async () => {
      const [loud, quiet] = [await newAccount(current()), await newAccount(current())];
      for (let i = 0; i < 6; i++) await enqueue(current(), loud, search);
      for (let i = 0; i < 2; i++) {
        const { id: jobId, leaseId } = (await claimOne(current()))!;
        await current().jobs.finish({ jobId, leaseId }, { type: "failed", error: "No face." }, 2000);
      }
      const inWork = [await claimOne(current()), await claimOne(current())];
      const claimBefore = (before: number) =>
        current().jobs.claim({
          limit: { lookups: 2, imports: 2 },
          before,
          leaseMs: 1000,
          maxAttempts: 3,
          now: 2000,
        });
      const { turn } = inWork[0]!;
      expect(await claimBefore(turn)).toEqual([]);
      await enqueue(current(), quiet, search);
      await enqueue(current(), loud, enrolment);
      const claimed = await claimBefore(turn);
      expect(claimed.map(({ accountId, kind }) => [accountId, kind])).toEqual([
        [quiet, "search"],
        [loud, "enrol"],
      ]);
      expect(claimed[0]!.turn).toBeLessThan(turn);
    });

    it("leaves out the accounts that it is told to, and finds the next job of any other behind all of theirs", async () => {
      const [loud, other] = [await newAccount(current()), await newAccount(current())];
      for (let i = 0; i < 200; i++) await enqueue(current(), loud, i % 2 ? search : enrolment);
      const claim = (lookups: string[], imports: string[]) =>
        current().jobs.claim({
          limit: { lookups: 2, imports: 2 },
          except: { lookups, imports },
          leaseMs: 1000,
          maxAttempts: 3,
          now: 2000,
        });
      expect(await claim([loud], [loud])).toEqual([]);
      const ids = [];
      for (let i = 0; i < 6; i++) ids.push(await enqueue(current(), other, search));
      const found = [];
      for (let i = 0; i < 3; i++) found.push(...(await claim([loud], [loud])).map(({ id: jobId }) => jobId));
      expect(found).toEqual(ids);
      // Of the other kind it takes theirs.
      expect((await claim([loud], [])).map(({ kind, accountId }) => [kind, accountId])).toEqual([
        ["enrol", loud],
        ["enrol", loud],
      ]);
      expect((await claim([], [loud])).map(({ kind }) => kind)).toEqual(["search", "search"]);
    });

    it("lets an account that comes back go before those that never stopped, once", async () => {
      const [a, b, quiet] = [
        await newAccount(current()),
        await newAccount(current()),
        await newAccount(current()),
      ];
      for (let i = 0; i < 10; i++) for (const loud of [a, b]) await enqueue(current(), loud, search);
      // At every place in the round: after a's job and after b's.
      for (const served of [3, 4]) {
        for (let i = 0; i < served; i++) await claimOne(current());
        await enqueue(current(), quiet, search);
        await enqueue(current(), quiet, search);
        expect((await claimOne(current()))?.accountId).toBe(quiet);
        const next = [await claimOne(current()), await claimOne(current()), await claimOne(current())];
        expect(new Set(next.map((job) => job?.accountId))).toEqual(new Set([a, b, quiet]));
      }
    });

    it("gives loud accounts their share, however many others always have a job waiting", async () => {
      const accounts = [];
      for (let i = 0; i < 22; i++) accounts.push(await newAccount(current()));
      const [a = "", b = "", ...quiet] = accounts;
      for (let i = 0; i < 20; i++) for (const loud of [a, b]) await enqueue(current(), loud, enrolment);
      for (const accountId of quiet) await enqueue(current(), accountId, enrolment);
      const served = new Map<string, number>();
      for (let i = 0; i < 5 * accounts.length; i++) {
        const { id: jobId, leaseId, accountId } = (await claimOne(current()))!;
        await current().jobs.finish({ jobId, leaseId }, { type: "failed", error: "No face." }, 2000);
        served.set(accountId, (served.get(accountId) ?? 0) + 1);
        if (quiet.includes(accountId)) await enqueue(current(), accountId, enrolment);
      }
      for (const accountId of accounts) {
        expect(served.get(accountId)).toBeGreaterThanOrEqual(4);
        expect(served.get(accountId)).toBeLessThanOrEqual(6);
      }
    });

    it("does not hold an account's earlier jobs against it", async () => {
      const [busy, other] = [await newAccount(current()), await newAccount(current())];
      for (let i = 0; i < 12; i++) {
        const jobId = await enqueue(current(), busy, enrolment);
        const { leaseId } = (await claimOne(current()))!;
        await current().jobs.finish({ jobId, leaseId }, { type: "failed", error: "No face." }, 2000);
      }
      for (let i = 0; i < 6; i++) await enqueue(current(), other, enrolment);
      await enqueue(current(), busy, enrolment);
      const next = [];
      for (let i = 0; i < 4; i++) next.push((await claimOne(current()))?.accountId);
      expect(next).toContain(busy);
    });

    it("never hands one job to two claims", async () => {
      const accountId = await newAccount(current());
      for (let i = 0; i < 40; i++) await enqueue(current(), accountId, i % 2 ? search : enrolment);
      const claims = await Promise.all(
        Array.from({ length: 12 }, () =>
          current().jobs.claim({ limit: 5, leaseMs: 1000, maxAttempts: 3, now: 2000 }),
        ),
      );
      const ids = claims.flat().map((job) => job.id);
      expect(ids).toHaveLength(40);
      expect(new Set(ids).size).toBe(40);
    });

    it("hands a job on when its lease has run out, and not before", async () => {
      const jobId = await enqueue(current(), await newAccount(current()), enrolment);
      const first = await claimOne(current(), 2000);
      expect(await claimOne(current(), 2999)).toBeUndefined();
      const second = await claimOne(current(), 3000);
      expect(second).toMatchObject({ id: jobId, attempts: 2, startedAt: 2000 });
      expect(second!.leaseId).not.toBe(first!.leaseId);
    });

    it("keeps a renewed lease, and refuses to renew one that has passed on", async () => {
      const jobId = await enqueue(current(), await newAccount(current()), enrolment);
      const first = (await claimOne(current(), 2000))!;
      expect(await current().jobs.renew([{ jobId, leaseId: first.leaseId }], 5000)).toEqual([jobId]);
      expect(await claimOne(current(), 4999)).toBeUndefined();
      await claimOne(current(), 5000);
      expect(await current().jobs.renew([{ jobId, leaseId: first.leaseId }], 9000)).toEqual([]);
    });

    it("ends a job Failed once its attempts are used up, and says so", async () => {
      const accountId = await newAccount(current());
      const jobId = await enqueue(current(), accountId, enrolment);
      await claimOne(current(), 2000, 2);
      await claimOne(current(), 3000, 2);
      expect(await claimOne(current(), 4000, 2)).toBeUndefined();
      const job = await current().jobs.get(accountId, jobId);
      expect(job).toMatchObject({ status: "Failed", attempts: 2, finishedAt: 4000 });
      expect(job!.error).toContain("2 attempts");
      expect(await current().jobs.nextDue(4000)).toBeUndefined();
    });

    it("goes on with what waits when the clock has been set back, and leaves what is in hand to its worker", async () => {
      const [later, earlier] = [100_000_000, 100_000_000 - 2 * 3_600_000];
      const accountId = await newAccount(current());
      const ids = [];
      for (let i = 0; i < 3; i++) ids.push(await enqueue(current(), accountId, enrolment, later));
      const first = (await claimOne(current(), later))!;
      await current().jobs.release(
        { jobId: ids[0]!, leaseId: first.leaseId },
        { at: later + 8000, countAttempt: true },
      );
      const held = (await claimOne(current(), later))!;
      // Its worker lives, and renews by the new time.
      await current().jobs.renew([{ jobId: held.id, leaseId: held.leaseId }], earlier + 1000);
      const next = await current().jobs.claim({ limit: 9, leaseMs: 1000, maxAttempts: 3, now: earlier });
      expect(new Set(next.map(({ id }) => id))).toEqual(new Set([ids[0], ids[2]]));
      // One that died does not: what it had in hand goes on too.
      await current().jobs.renew([{ jobId: held.id, leaseId: held.leaseId }], later + 30_000);
      expect(await claimOne(current(), earlier)).toMatchObject({ id: held.id, attempts: 2 });
    });

    it("waits for no back-off or lease of before a reopening under a clock that was set back", async () => {
      const [later, earlier] = [100_000_000, 100_000_000 - 600_000];
      const accountId = await newAccount(current());
      const jobId = await enqueue(current(), accountId, enrolment, later);
      expect((await claimOne(await reopen(), earlier))?.id).toBe(jobId);
    });

    it("counts the workers that ended with a job in hand, and not the tries that failed or were given back", async () => {
      const accountId = await newAccount(current());
      const jobId = await enqueue(current(), accountId, enrolment);
      const claim = async (now: number) => (await claimOne(current(), now, 9))!;
      const first = await claim(2000);
      expect(first.deaths).toBe(0);
      await current().jobs.release({ jobId, leaseId: first.leaseId }, { at: 2000, countAttempt: true });
      expect((await claim(2000)).deaths).toBe(0);
      expect((await claim(3000)).deaths).toBe(1);
      const third = await claim(4000);
      expect([third.deaths, third.attempts]).toEqual([2, 4]);
      await current().jobs.release({ jobId, leaseId: third.leaseId }, { at: 4000, countAttempt: false });
      const fourth = await claim(4000);
      expect(fourth.deaths).toBe(2);
      // Whoever retries it does not start from innocence.
      const dead = { type: "failed" as const, error: "It crashed.", deadUntil: 9000 };
      await current().jobs.finish({ jobId, leaseId: fourth.leaseId }, dead, 4500);
      await current().jobs.retry(accountId, jobId, { id: "next", now: 4600 });
      expect(await claim(5000)).toMatchObject({ id: "next", deaths: 2, attempts: 1 });
    });

    it("gives a released job back after its back-off, counting the attempt only where told to", async () => {
      const jobId = await enqueue(current(), await newAccount(current()), enrolment);
      const first = (await claimOne(current(), 2000))!;
      await current().jobs.release({ jobId, leaseId: first.leaseId }, { at: 7000, countAttempt: true });
      expect(await claimOne(current(), 6999)).toBeUndefined();
      expect(await current().jobs.nextDue(6000)).toBe(7000);
      expect(await current().jobs.nextDue(7000)).toBeUndefined();
      const second = (await claimOne(current(), 7000))!;
      expect(second.attempts).toBe(2);
      await current().jobs.release({ jobId, leaseId: second.leaseId }, { at: 7000, countAttempt: false });
      expect(await claimOne(current(), 7000)).toMatchObject({ attempts: 2 });
      await current().jobs.release({ jobId, leaseId: second.leaseId }, { at: 0, countAttempt: true });
      expect(await claimOne(current(), 7001)).toBeUndefined();
    });
  });

  describe("jobs.finish", () => {
    const { current } = perTest(open);

    it("has its effect once, whoever calls it how often", async () => {
      const accountId = await newAccount(current());
      const jobId = await enqueue(current(), accountId, enrolment);
      const stale = (await claimOne(current(), 2000))!;
      const holder = (await claimOne(current(), 3000))!;
      const outcome = (identityId: string) => ({
        type: "enrolled" as const,
        identityId,
        metadata: {},
        faces: [face(1)],
        result: {},
      });
      expect(await current().jobs.finish({ jobId, leaseId: stale.leaseId }, outcome("late"), 3100)).toEqual({
        finished: false,
      });
      const answers = await Promise.all(
        ["one", "two"].map((name) =>
          current().jobs.finish({ jobId, leaseId: holder.leaseId }, outcome(name), 3200),
        ),
      );
      expect(answers).toContainEqual({ finished: true, status: "Succeeded" });
      expect(answers).toContainEqual({ finished: false });
      expect(await current().identities.count(accountId)).toEqual({ identities: 1, faces: 1 });
    });

    it("writes identity, faces, result and end together", async () => {
      const accountId = await newAccount(current());
      const { identityId, jobId, faces } = await enrol(current(), accountId, [face(1), face(2)], {
        externalId: "ext",
        metadata: { name: "Ada" },
        now: 2500,
      });
      expect(await current().jobs.get(accountId, jobId)).toMatchObject({
        status: "Succeeded",
        identityId,
        finishedAt: 2500,
        result: { face_ids: faces.map(({ id }) => id) },
      });
      const identity = await current().identities.get(accountId, identityId);
      expect(identity).toMatchObject({ externalId: "ext", metadata: { name: "Ada" }, createdAt: 2500 });
      expect(identity!.faces.map(({ id }) => id)).toEqual(faces.map(({ id }) => id));
      expect(identity!.faces[0]).toMatchObject({
        confidence: 0.99,
        box: faces[0]!.box,
        quality: faces[0]!.quality,
        hasCrop: false,
      });
    });

    it("fails an enrolment whose external id is taken, and stores nothing of it", async () => {
      const accountId = await newAccount(current());
      await enrol(current(), accountId, [face(1)], { externalId: "same" });
      const { jobId } = await enrol(current(), accountId, [face(2)], { externalId: "same" });
      const job = await current().jobs.get(accountId, jobId);
      expect(job).toMatchObject({ status: "Failed" });
      expect(job!.error).toContain("external id");
      expect(await current().identities.count(accountId)).toEqual({ identities: 1, faces: 1 });
    });

    it("changes nothing at all when one of the faces cannot be stored", async () => {
      const accountId = await newAccount(current());
      const jobId = await enqueue(current(), accountId, enrolment);
      const { leaseId } = (await claimOne(current()))!;
      const faces = [
        face(1),
        face(2, { embedding: { recogniser: recogniser.id, values: new Float32Array(64) } }),
      ];
      const outcome = { type: "enrolled" as const, identityId: "i", metadata: {}, faces, result: {} };
      await expect(current().jobs.finish({ jobId, leaseId }, outcome, 2000)).rejects.toThrow("128");
      expect(await current().identities.count(accountId)).toEqual({ identities: 0, faces: 0 });
      expect(await current().jobs.get(accountId, jobId)).toMatchObject({ status: "Started" });
    });

    it("adds faces to an identity that is there, and fails with the given reason when it is not", async () => {
      const accountId = await newAccount(current());
      const { identityId } = await enrol(current(), accountId, [face(1)]);
      const payload: JobPayload = { kind: "add-images", images: [], identityId };
      for (const expected of ["Succeeded", "Failed"]) {
        const jobId = await enqueue(current(), accountId, payload);
        const { leaseId } = (await claimOne(current()))!;
        const target = expected === "Succeeded" ? identityId : "gone";
        const outcome = {
          type: "faces-added" as const,
          identityId: target,
          faces: [face(2)],
          result: {},
          goneError: "It is gone.",
        };
        expect(await current().jobs.finish({ jobId, leaseId }, outcome, 2600)).toEqual({
          finished: true,
          status: expected,
        });
        if (expected === "Failed")
          expect(await current().jobs.get(accountId, jobId)).toMatchObject({ error: "It is gone." });
      }
      const identity = await current().identities.get(accountId, identityId);
      expect(identity).toMatchObject({ updatedAt: 2600 });
      expect(identity!.faces).toHaveLength(2);
    });
  });
}
