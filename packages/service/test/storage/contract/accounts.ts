import { describe, expect, it } from "vitest";
import type { Opened } from "../contract.ts";
import { account, newAccount, settings } from "../samples.ts";
import { perTest } from "./opened.ts";

export function accountsContract(open: () => Promise<Opened>): void {
  describe("accounts", () => {
    const { current, reopen } = perTest(open);

    it("keeps what it was given, also after a reopening", async () => {
      const one = account({ name: "Ünï ☃" });
      await current().accounts.create(one, settings);
      const storage = await reopen();
      expect(await storage.accounts.byId(one.id)).toEqual(one);
      expect(await storage.accounts.byClientId(one.clientId)).toEqual(one);
      expect(await storage.accounts.list()).toEqual([one]);
      expect(await storage.accounts.byClientId("nobody")).toBeUndefined();
    });

    it("refuses a client id that is taken", async () => {
      const one = account();
      await current().accounts.create(one, settings);
      await expect(
        current().accounts.create(account({ clientId: one.clientId }), settings),
      ).rejects.toMatchObject({
        name: "StorageError",
        code: "conflict",
      });
    });

    it.each([{ secretHash: "new" }, { disabled: true }])(
      "ends every session of an account on %o, and of no other",
      async (change) => {
        const [one, other] = [await newAccount(current()), await newAccount(current())];
        for (const accountId of [one, other]) {
          await current().sessions.create({
            id: `s-${accountId}`,
            accountId,
            refreshId: "r",
            refreshExpiresAt: 9000,
            revoked: false,
          });
        }
        expect(await current().accounts.update(one, change)).toMatchObject(change);
        expect(await current().sessions.byId(`s-${one}`)).toMatchObject({ revoked: true });
        expect(await current().sessions.byId(`s-${other}`)).toMatchObject({ revoked: false });
      },
    );

    it("keeps the sessions of an account that only changes its name or settings", async () => {
      const accountId = await newAccount(current());
      await current().sessions.create({
        id: "s",
        accountId,
        refreshId: "r",
        refreshExpiresAt: 9000,
        revoked: false,
      });
      await current().accounts.update(accountId, { name: "New" });
      expect(await current().sessions.byId("s")).toMatchObject({ revoked: false });
      expect(await current().accounts.update("unknown", { name: "x" })).toBeUndefined();
    });
  });

  describe("sessions", () => {
    const { current } = perTest(open);
    const start = async () => {
      const accountId = await newAccount(current());
      await current().sessions.create({
        id: "s",
        accountId,
        refreshId: "r1",
        refreshExpiresAt: 9000,
        revoked: false,
      });
    };

    it("is not begun with a secret that was changed, nor for an account that was disabled, since it was verified", async () => {
      const accountId = await newAccount(current());
      const begin = (id: string, hash?: string) =>
        current().sessions.create(
          { id, accountId, refreshId: id, refreshExpiresAt: 9000, revoked: false },
          hash,
        );
      const { secretHash } = (await current().accounts.byId(accountId))!;
      expect(await begin("in time", secretHash)).toBe(true);
      await current().accounts.update(accountId, { secretHash: "new" });
      expect(await begin("too late", secretHash)).toBe(false);
      await current().accounts.update(accountId, { disabled: true });
      expect(await begin("much too late", "new")).toBe(false);
      expect(await begin("by nobody's secret")).toBe(false);
      for (const id of ["too late", "much too late", "by nobody's secret"])
        expect(await current().sessions.byId(id)).toBeUndefined();
    });

    it("is never left alive by a change of its account at the same time", async () => {
      const accountIds = await Promise.all(Array.from({ length: 20 }, () => newAccount(current())));
      await Promise.all(
        accountIds.flatMap((accountId) => [
          current().sessions.create({
            id: accountId,
            accountId,
            refreshId: "r",
            refreshExpiresAt: 9000,
            revoked: false,
          }),
          current().accounts.update(accountId, { disabled: true }),
        ]),
      );
      for (const accountId of accountIds)
        expect((await current().sessions.byId(accountId))?.revoked ?? true).toBe(true);
    });

    it("lets a refresh id be spent once", async () => {
      await start();
      expect(await current().sessions.rotate("s", "r1", "r2", 100, 9500)).toBe("rotated");
      expect(await current().sessions.byId("s")).toMatchObject({ refreshId: "r2", refreshExpiresAt: 9500 });
    });

    it("revokes the session when a spent refresh id comes back", async () => {
      await start();
      await current().sessions.rotate("s", "r1", "r2", 100, 9500);
      expect(await current().sessions.rotate("s", "r1", "r3", 200, 9600)).toBe("reused");
      expect(await current().sessions.rotate("s", "r2", "r4", 300, 9700)).toBe("dead");
    });

    it("gives one of many simultaneous refreshes the session", async () => {
      await start();
      const answers = await Promise.all(
        [2, 3, 4, 5].map((n) => current().sessions.rotate("s", "r1", `r${n}`, 100, 9500)),
      );
      expect(answers.filter((answer) => answer === "rotated")).toHaveLength(1);
    });

    it("refuses an expired, a revoked and an unknown session", async () => {
      await start();
      expect(await current().sessions.rotate("s", "r1", "r2", 9000, 9999)).toBe("dead");
      await current().sessions.revoke("s");
      expect(await current().sessions.rotate("s", "r1", "r2", 100, 9999)).toBe("dead");
      expect(await current().sessions.rotate("unknown", "r1", "r2", 100, 9999)).toBe("dead");
    });

    it("forgets only sessions that have expired", async () => {
      await start();
      expect(await current().sessions.sweep(8999)).toBe(0);
      expect(await current().sessions.sweep(9000)).toBe(1);
      expect(await current().sessions.byId("s")).toBeUndefined();
    });
  });

  describe("secret", () => {
    const { current, reopen } = perTest(open);

    it("is made once and stays the same", async () => {
      const made = await Promise.all([current().secret("key", 32), current().secret("key", 32)]);
      expect(made[0]).toHaveLength(32);
      expect(made[1]).toEqual(made[0]);
      expect(await current().secret("other", 32)).not.toEqual(made[0]);
      expect(await (await reopen()).secret("key", 32)).toEqual(made[0]);
    });

    it("keeps the bytes that the first caller gave", async () => {
      const [one, two] = [new Uint8Array(24).fill(1), new Uint8Array(24).fill(2)];
      const kept = await Promise.all([current().secret("mark", one), current().secret("mark", two)]);
      expect([one, two]).toContainEqual(kept[0]);
      expect(kept[1]).toEqual(kept[0]);
    });
  });
}
