import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migratePostgres } from "../../src/storage/postgres/migrate.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import type { Storage } from "../../src/storage/types.ts";
import { eventually, type Fixture, form, photo, start } from "../fixture.ts";
import { createDatabase, type TestDatabase, testPostgres } from "./database.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;
const IDENTITY = "/innovation-service/identity";

/** A wire to the database that can be cut behind a job's statement, which commits by itself, or behind its COMMIT: the server gets it, the client never hears. */
async function wire(url: string) {
  const sockets = new Set<Socket>();
  let armed: { behind: "the statement" | "COMMIT"; away: boolean } | undefined;
  let away = false;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy = createServer((client) => {
    if (away) return void client.destroy();
    const database = connect(Number(new URL(url).port), "127.0.0.1");
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on("close", () => (sockets.delete(socket), client.destroy(), database.destroy()));
      socket.on("error", () => {});
    }
    let inserts = false;
    client.on("data", (bytes) => {
      database.write(bytes);
      inserts ||= bytes.includes("INSERT INTO jobs");
      if (!armed || !inserts || (armed.behind === "COMMIT" && !bytes.includes("COMMIT"))) return;
      away = armed.away;
      armed = undefined;
      database.removeAllListeners("data");
      // Once the server has done what it was told.
      database.once("data", cut);
    });
    database.on("data", (bytes) => client.write(bytes));
  });
  await new Promise<void>((resolve) => void proxy.listen(0, "127.0.0.1", resolve));
  return {
    url: Object.assign(new URL(url), { port: String((proxy.address() as AddressInfo).port) }).href,
    /** Cuts every connection behind the next job; `away`: and refuses new ones until `heal`. */
    cut: (options: { behind: "the statement" | "COMMIT"; away: boolean }) => void (armed = options),
    get wasCut() {
      return armed === undefined;
    },
    heal: () => void (away = false),
    async close() {
      cut();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

describe.skipIf(reason !== undefined)(`a lost answer to a COMMIT${reason ? `: ${reason}` : ""}`, () => {
  let database: TestDatabase;
  let line: Awaited<ReturnType<typeof wire>>;
  let storage: Storage;
  beforeEach(async () => {
    database = await createDatabase(server.url);
    await migratePostgres(database.url);
    line = await wire(database.url);
    storage = await openPostgresStorage({ url: line.url, connections: 4 });
  });
  afterEach(async () => {
    await storage.close();
    await line.close();
    await database.drop();
  });

  const enrol = async (api: Fixture, route = IDENTITY) =>
    api.call("POST", route, { body: form([["input_images", await photo("audrey.jpg")]]) });

  it("acknowledges the job all the same, and wakes whoever waits for jobs", async () => {
    const api = await start({ storage });
    const due: number[] = [];
    storage.events.onDue(() => due.push(performance.now()));
    line.cut({ behind: "the statement", away: false });
    const { status, body } = await enrol(api);
    const answered = performance.now();
    expect([line.wasCut, status]).toEqual([true, 200]);
    // Long before anybody looks by himself, and not only since the listening connection is back.
    expect(due.some((at) => at <= answered)).toBe(true);
    expect(await api.done(IDENTITY, body.job_id)).toMatchObject({ status: "Succeeded" });
    expect((await api.call("GET", "/v1/account")).body.identities).toBe(1);
  });

  it("adds the images of a job with an identity once, whose COMMIT lost its answer", async () => {
    const api = await start({ storage });
    const { body } = await enrol(api);
    const { identity_id } = await api.done(IDENTITY, body.job_id);
    line.cut({ behind: "COMMIT", away: false });
    const added = await api.call("PUT", IDENTITY, {
      body: form([
        ["identity_id", identity_id],
        ["input_images", await photo("audrey.jpg")],
      ]),
    });
    expect([line.wasCut, added.status]).toEqual([true, 200]);
    expect(await api.done(IDENTITY, added.body.job_id)).toMatchObject({ status: "Succeeded" });
    expect((await api.call("GET", "/v1/account")).body).toMatchObject({ identities: 1, faces: 2 });
  });

  it.each([
    ["/v1/detect", "the statement"],
    ["/v1/identify", "COMMIT"],
  ] as const)("writes a lookup once that is over, whose %s lost its answer", async (route, behind) => {
    const api = await start({ storage });
    await api.service.ready();
    const { body: enrolled } = await enrol(api);
    await api.done(IDENTITY, enrolled.job_id);
    const account = (await storage.accounts.byClientId(api.clientId))!;
    // One that comes while the worker looks whether others wait is queued, which writes three events: then it is tried again.
    for (let tries = 1; ; tries++) {
      line.cut({ behind, away: false });
      const lookup = form([["input_image", await photo("audrey.jpg")]]);
      const { status, body } = await api.call("POST", `${route}?wait=30`, { body: lookup });
      expect([line.wasCut, status, body.status]).toEqual([true, 200, "Succeeded"]);
      expect((await api.call("GET", `/v1/jobs/${body.job_id}`)).body).toEqual(body);
      expect((await api.call("GET", "/v1/jobs")).body.jobs).toHaveLength(1 + tries);
      const { events } = await storage.events.since(account.id, 0, 99);
      const told = events.filter(({ jobId }) => jobId === body.job_id).length;
      if (told === 1) return;
      expect([told, tries < 10]).toEqual([3, true]);
    }
  });

  it.each([IDENTITY, "/v1/identities"])(
    "keeps the images of a job that may have been written while the database stays away, and does it later: POST %s",
    async (route) => {
      const api = await start({ storage });
      line.cut({ behind: "the statement", away: true });
      const { status } = await enrol(api, route); // for as long as the service has patience
      expect([line.wasCut, status]).toEqual([true, 503]);
      line.heal();
      await eventually(async () => (await api.call("GET", "/v1/jobs")).body.jobs?.[0]?.status).toBe(
        "Succeeded",
      );
      expect((await api.call("GET", "/v1/account")).body.identities).toBe(1);
    },
  );
});
