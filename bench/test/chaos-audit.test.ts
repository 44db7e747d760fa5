import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Storage } from "@prosopon/service";
import { openPostgresStorage } from "@prosopon/service/postgres";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createDatabase,
  type TestDatabase,
  testPostgres,
} from "../../packages/service/test/postgres/database.ts";
import {
  account as newAccount,
  enqueue,
  enrol,
  enrolment,
  face,
  recogniser,
  settings,
} from "../../packages/service/test/storage/samples.ts";
import { audit, findImages } from "../chaos/audit.ts";
import { type Images, inDirectory } from "../chaos/images.ts";
import { findBreaches, type Records } from "../chaos/ledger.ts";
import { HARD_RESTARTS, report } from "../chaos/report.ts";
import type { Chaos } from "../chaos/run.ts";
import type { Attempt } from "../chaos/sender.ts";
import { sweepLater } from "../chaos/sweep.ts";
import { together } from "../chaos/together.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;
const TWINS = "people with two identities";
const STRAYS = "identities that no enrolment made, or with other faces";
const UNMATCHED = "faces, vectors and counts that do not match";
const UNBORN = "people acknowledged without an identity";

describe.skipIf(reason !== undefined)(`the storm's audit${reason ? `: ${reason}` : ""}`, () => {
  let database: TestDatabase;
  let storage: Storage;
  let client: pg.Client;
  let blobs: string;
  let images: Images;
  const account = newAccount();
  beforeEach(async () => {
    database = await createDatabase(server.url);
    storage = await openPostgresStorage({ url: database.url, connections: 2 });
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const directory = await mkdtemp(path.join(tmpdir(), "chaos-audit-"));
    images = await inDirectory(directory);
    blobs = path.join(directory, "blobs");
    await storage.recognisers.register(recogniser);
    await storage.accounts.create(account, settings);
  });
  afterEach(async () => {
    await client.end();
    await storage.close();
    await database.drop();
    await rm(path.dirname(blobs), { recursive: true });
  });

  /** One person with an external id and one without, both acknowledged and told to their sender. */
  async function people(): Promise<Omit<Records, "audit" | "swept">> {
    const enrolled = [
      await enrol(storage, account.id, [face(1)], { externalId: "named" }),
      await enrol(storage, account.id, [face(2)]),
    ];
    const attempts = enrolled.map(({ jobId }, index): Attempt => {
      const named = index === 0;
      return {
        account: account.clientId,
        kind: "enrol",
        named,
        tag: named ? "named" : "nobody",
        jobId,
        at: 0,
      };
    });
    const sights = enrolled.map(({ jobId, identityId }) => ({
      jobId,
      by: "core" as const,
      statuses: ["Sent", "Succeeded"],
      identityIds: [identityId],
    }));
    return { attempts, sights, streams: [] };
  }

  /** What is not as it should be, by name. */
  async function breaches(records: Omit<Records, "audit" | "swept">): Promise<Record<string, number>> {
    const found = await audit(client, images);
    const all = findBreaches({ ...records, audit: found, swept: found.images });
    return Object.fromEntries(all.flatMap(({ what, count }) => (count > 0 ? [[what, count]] : [])));
  }

  it("finds nothing where every enrolment made one person", async () => {
    expect(await breaches(await people())).toEqual({});
  });

  it("finds a second identity of an enrolment without an external id", async () => {
    const records = await people();
    // As a second run of the job would leave it, were its end not written together with its work.
    await client.query(
      `WITH twin AS (
         INSERT INTO identities (account, collection, id, metadata, folded, created_at, updated_at)
         SELECT account, collection, 'twin', metadata, folded, created_at, updated_at FROM identities WHERE external_id IS NULL RETURNING row, account
       ), face AS (
         INSERT INTO faces (account, identity, gallery, id, quality, box, confidence, has_crop, created_at)
         SELECT twin.account, twin.row, f.gallery, 'twin', f.quality, f.box, f.confidence, false, 0 FROM twin, (SELECT * FROM faces LIMIT 1) f RETURNING slot, identity
       ), galleries AS (UPDATE galleries SET faces = faces + 1),
       collections AS (UPDATE collections SET identities = identities + 1, faces = faces + 1),
       heads AS (UPDATE account_heads SET identities = identities + 1, faces = faces + 1)
       INSERT INTO vectors (slot, identity, gallery, recogniser, embedding)
       SELECT face.slot, face.identity, v.gallery, v.recogniser, v.embedding FROM face, (SELECT * FROM vectors LIMIT 1) v`,
    );
    expect(await breaches(records)).toEqual({ [TWINS]: 1, [STRAYS]: 1 });
  });

  it.each([
    ["a vector in another gallery than its face", 1, "UPDATE vectors SET gallery = -1 WHERE slot = 1"],
    ["a vector that is gone", 1, "DELETE FROM vectors WHERE slot = 1"],
    ["faces in a gallery of another collection", 2, "UPDATE galleries SET collection = -1"],
    ["a gallery that miscounts", 1, "UPDATE galleries SET faces = 1"],
    ["a collection that miscounts", 1, "UPDATE collections SET identities = 1"],
    ["an account that miscounts", 1, "UPDATE account_heads SET faces = 3"],
  ])("finds %s", async (_, count, fault) => {
    const records = await people();
    await client.query(fault);
    expect(await breaches(records)).toEqual({ [UNMATCHED]: count });
  });

  it("finds an enrolment that names now one person and then another", async () => {
    const records = await people();
    records.sights[1]!.identityIds!.push("another");
    expect(await breaches(records)).toEqual({ [TWINS]: 1 });
  });

  it("finds an acknowledged person who is not there, by external id and without", async () => {
    const records = await people();
    for (const { id } of (await audit(client, images)).identities)
      await storage.identities.delete(account.id, [id], 3000);
    expect(await breaches(records)).toMatchObject({ [UNBORN]: 2 });
  });

  it("finds images that no job needs and those that a job lacks; a sweep erases the first", async () => {
    const [orphan, part, needed, lost] = ["o", "p", "n", "l"].map(
      (letter) => `prosopon_${letter.repeat(23)}`,
    );
    const image = (blobId: string) => ({ blobId, size: 1 });
    await enqueue(storage, account.id, { ...enrolment, images: [image(needed!), image(lost!)] });
    for (const name of [orphan, `${part}.part`, needed]) await writeFile(path.join(blobs, name!), "x");
    expect(await findImages(client, images)).toEqual({
      unneeded: expect.toSatisfy((names: string[]) => names.length === 2),
      missing: [lost],
    });
    await sweepLater(database.url, images);
    expect(await findImages(client, images)).toEqual({ unneeded: [], missing: [lost] });
    expect(await readdir(blobs)).toEqual([needed]);
  });
});

describe("the storm's report", () => {
  const storm = (change: Partial<Chaos["weather"]>, kills: [api: number, worker: number]): Chaos => ({
    fates: (["api", "worker"] as const).map((role, index) => ({
      name: role,
      role,
      kills: kills[index]!,
      killedStarting: 0,
      failedStarts: 0,
      crashes: [],
      recoveries: [],
    })),
    weather: { ms: 60_000, hardRestarts: 1, databaseRestartMs: 1, listenersCut: 1, passed: [], ...change },
    logged: new Map(),
    crowd: { attempts: [], sights: [], streams: [], refreshes: new Map() },
    audit: {
      jobs: [],
      identities: [],
      events: new Map(),
      gaps: [],
      galleryFaults: 0,
      images: { unneeded: [], missing: [] },
    },
    swept: { unneeded: [], missing: [] },
    breaches: [],
    unfound: 0,
    sentS: 60,
    endedS: 60,
    machine: {},
    faults: 0,
  });
  const missed = (chaos: Chaos) =>
    report(chaos)
      .goals.filter(({ value, goal, direction }) => (direction === "<=" ? value > goal : value < goal))
      .map(({ name }) => name);

  it("asks for a kill every two seconds, and of both roles", () => {
    expect(missed(storm({}, [10, 14]))).toEqual([]);
    expect(missed(storm({}, [10, 13]))).toEqual(["kills of nodes and workers"]);
    expect(missed(storm({}, [0, 30]))).toEqual(["kills of API nodes"]);
    expect(missed(storm({}, [30, 0]))).toEqual(["kills of workers"]);
  });

  it("asks for every fault that was to come, and for no /readyz that is 200 meanwhile", () => {
    const seen = { name: "", ms: 10_000, probes: 5, wrong: 0 };
    expect(missed({ ...storm({ passed: [seen] }, [15, 15]), faults: 1 })).toEqual([]);
    expect(missed({ ...storm({ passed: [seen] }, [15, 15]), faults: 2 })).toEqual([
      "faults that came and passed",
    ]);
    expect(missed(storm({ passed: [{ ...seen, wrong: 1 }] }, [15, 15]))).toEqual([
      "answers of /readyz that were 200 on a node that could not do its work",
    ]);
  });

  it("is one of several storms, of which none may miss a goal for another", () => {
    const first = report(storm({}, [15, 15]));
    const second = report(storm({ passed: [{ name: "", ms: 10_000, probes: 5, wrong: 2 }] }, [0, 15]));
    const { goals, figures } = together([
      { name: "one", report: first },
      { name: "two", report: second },
    ]);
    const goalOf = (name: string) => goals.find((goal) => goal.name === name);
    expect(goalOf("answers of /readyz that were 200 on a node that could not do its work")).toMatchObject({
      value: 2,
      goal: 0,
    });
    expect(goalOf("kills of API nodes")).toMatchObject({ value: 0, goal: 1 });
    expect(goalOf("hard restarts of PostgreSQL")).toMatchObject({ value: 2, goal: 2 });
    expect([figures["kills.api"], figures["objects.kills.api"]]).toEqual([15, 0]);
  });

  it("does not take cut connections for a hard restart", () => {
    expect(missed(storm({ hardRestarts: 0 }, [15, 15]))).toEqual([HARD_RESTARTS]);
  });
});
