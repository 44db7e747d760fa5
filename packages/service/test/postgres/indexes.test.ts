import pg from "pg";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { exactProduct } from "../../src/gallery/quantise.ts";
import { byIndex, settings } from "../../src/storage/postgres/matching/approximate/search.ts";
import { postgresSearchReport } from "../../src/storage/postgres/matching/approximate/report.ts";
import type { IndexRule } from "../../src/storage/postgres/matching/approximate/rule.ts";
import { openPostgresStorage } from "../../src/storage/postgres/open.ts";
import type { Storage } from "../../src/storage/types.ts";
import { embedding, enrol, face, newAccount } from "../storage/samples.ts";
import { createDatabase, execute, query, type TestDatabase, testPostgres } from "./database.ts";
import { filesUnavailable, findInFiles } from "./files.ts";

const postgres = await testPostgres();
const reason = typeof postgres === "string" ? postgres : undefined;
const server = postgres as Exclude<typeof postgres, string>;
const noFiles = typeof postgres === "string" ? postgres : filesUnavailable(postgres);
const FACES = 600;
/** So small an account is scanned as fast as it is searched by an index: any gain will do. */
const small: Partial<IndexRule> = {
  faces: FACES,
  gain: 1e9,
  tuning: 30,
  probes: 60,
  recall: 0.95,
  checkMs: 50,
};
const PATIENCE = { timeout: 120_000, interval: 50 };

describe.skipIf(reason !== undefined)(`an index for each large account${reason ? `: ${reason}` : ""}`, () => {
  let database: TestDatabase;
  let nodes: Storage[];
  let account: string;
  const open = async (indexes: Partial<IndexRule> = small) => {
    const node = await openPostgresStorage({ url: database.url, connections: 4, galleryFaces: 0, indexes });
    nodes.push(node);
    return node;
  };
  const rows = <R extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
    query<R>(database.url, sql, values);
  const index = async () =>
    (
      await rows<{ name: string; valid: boolean }>(
        "SELECT indexrelid::regclass::text AS name, indisvalid AS valid FROM pg_index WHERE indrelid = 'vectors'::regclass AND indexrelid::regclass::text LIKE 'vectors_hnsw%'",
      )
    )[0];
  const state = async () =>
    (await rows<{ state: string; note: string | null }>("SELECT state, note FROM search_indexes"))[0];
  const reaches = (wanted: string) =>
    vi.waitFor(async () => expect(await state()).toMatchObject({ state: wanted }), PATIENCE);
  const stored = async () =>
    (
      await rows<{ id: string; embedding: string }>(
        "SELECT i.id, v.embedding::text FROM vectors v JOIN identities i ON i.row = v.identity WHERE v.account = (SELECT row FROM accounts WHERE id = $1) ORDER BY v.slot",
        [account],
      )
    ).map(({ id, embedding: text }) => ({ id, vector: Float32Array.from(JSON.parse(text) as number[]) }));

  beforeEach(async () => {
    nodes = [];
    database = await createDatabase(server.url);
    // One that builds nothing fills the account; written past the storage, as 600 enrolments would take their time.
    const filler = await open({ faces: 1e9 });
    account = await newAccount(filler);
    await fill(database.url, account, FACES);
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await database.drop();
  });

  it("leaves no embedding in what ANALYZE remembers of it", async () => {
    await open();
    await reaches("serving");
    await execute(database.url, "ANALYZE");
    expect(
      await rows("SELECT 1 FROM pg_stats WHERE tablename = 'vectors' AND attname = 'slot'"),
    ).toHaveLength(1);
    expect(await rows("SELECT 1 FROM pg_stats WHERE tablename LIKE 'vectors_hnsw%'")).toEqual([]);
  });

  it("is made and measured before it answers, and its answers are those of a full scan", async () => {
    const full = { ...small, probes: 3_000, recall: 0.999 };
    const [node] = [await open(full), await open(full)];
    await reaches("serving");
    expect(await index()).toMatchObject({ valid: true });
    const faces = await stored();
    for (let seed = 0; seed < 20; seed++) {
      const { vector } = faces[seed * 17]!;
      const probe = near(vector, embedding(90_000 + seed));
      const best = faces.toSorted(
        (a, b) => exactProduct(b.vector, probe) - exactProduct(a.vector, probe),
      )[0]!;
      const [found] = await node.identities.nearest(account, probe, 5);
      expect(found).toMatchObject({ identityId: best.id });
      expect(found!.cosine).toBe(exactProduct(best.vector, probe));
    }
    // A stranger is nobody's: only the full scan says so.
    const stranger = embedding(123_456);
    const best = faces.map(({ vector }) => exactProduct(vector, stranger)).toSorted((a, b) => b - a)[0]!;
    expect((await node.identities.nearest(account, stranger, 5))[0]!.cosine).toBe(best);

    const { accounts } = await postgresSearchReport(database.url, { galleryFaces: 0 });
    expect(accounts).toEqual([expect.objectContaining({ accountId: account, faces: FACES, way: "index" })]);
    expect(accounts[0]!.index).toMatchObject({
      state: "serving",
      measured: { faces: FACES, probes: 3_000, misses: 0, strangers: 1_000, recallAt1: 1 },
    });
    expect(accounts[0]!.index!.measured!.recallAt1AtLeast).toBeGreaterThan(0.999);
    expect((await postgresSearchReport(database.url, { galleryFaces: FACES })).accounts[0]).toMatchObject({
      way: "memory",
    });
  });

  it("is what the planner takes, and its settings end with the transaction", async () => {
    await open();
    await reaches("serving");
    const [{ row } = { row: 0 }] = await rows<{ row: number }>("SELECT row FROM accounts WHERE id = $1", [
      account,
    ]);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const vector = `[${embedding(1).join(",")}]`;
    const plan = async (sql: string, values: unknown[]) =>
      JSON.stringify((await client.query(`EXPLAIN ${sql}`, values)).rows);
    await client.query("BEGIN");
    await client.query(settings(200));
    expect(await plan(byIndex(row, 50), [vector])).toContain(`Index Scan using vectors_hnsw_${row}`);
    await client.query("COMMIT");
    const { rows: after } = await client.query(
      "SELECT current_setting('hnsw.ef_search') AS ef, current_setting('enable_sort') AS sort, current_setting('hnsw.iterative_scan') AS scan",
    );
    expect(after).toEqual([{ ef: "40", sort: "on", scan: "off" }]);
    // The exact scan never comes by it.
    const exact = "SELECT slot FROM vectors WHERE account = $2 ORDER BY embedding <#> $1::vector LIMIT 50";
    await client.query("SET enable_sort = off");
    expect(await plan(exact, [vector, row])).not.toContain("hnsw");
    await client.end();
  });

  it("finds what was enrolled while it was built and at once afterwards, and never what was deleted", async () => {
    const node = await open();
    const enrolled = [];
    for (let seed = 0; (await state())?.state !== "serving" || seed < 30; seed++) {
      const person = await enrol(node, account, [face(10_000 + seed)]);
      enrolled.push(person);
      const [found] = await node.identities.nearest(account, person.faces[0]!.embedding, 3);
      expect(found).toMatchObject({ identityId: person.identityId });
      if (seed % 5 === 4) {
        const [gone] = enrolled.splice(seed % 3, 1);
        await node.identities.delete(account, [gone!.identityId], 3000);
        const left = await node.identities.nearest(account, gone!.faces[0]!.embedding, 3);
        expect(left.map(({ identityId }) => identityId)).not.toContain(gone!.identityId);
      }
    }
    for (const { identityId, faces } of enrolled) {
      const [found] = await node.identities.nearest(account, faces[0]!.embedding, 3);
      expect(found).toMatchObject({ identityId });
    }
  });

  it("is made anew when the node that built it died", async () => {
    // A transaction that has written: the build cannot end before it does.
    const writer = new pg.Client({ connectionString: database.url });
    await writer.connect();
    await writer.query("BEGIN; INSERT INTO vectors SELECT -slot, 0, 0, embedding FROM vectors LIMIT 1");
    const one = await open();
    await vi.waitFor(async () => expect(await index()).toMatchObject({ valid: false }), PATIENCE);
    // The node is gone: not by close(), which the test cannot tell from a clean end.
    await execute(
      database.url,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prosopon indexes'",
    );
    await one.close();
    expect(await index()).toMatchObject({ valid: false });
    // Searched exactly meanwhile, and a deletion is not called erased while the unfinished index may hold its vector.
    const other = await open({ ...small, checkMs: 1e6 });
    const person = await enrol(other, account, [face(7)]);
    expect((await other.identities.nearest(account, embedding(7), 1))[0]).toMatchObject({
      identityId: person.identityId,
    });
    await writer.query("ROLLBACK");
    await writer.end();
    await other.identities.delete(account, [person.identityId], 3000);
    await other.settle();
    expect(await rows("SELECT 1 FROM erasures WHERE relation = 'vectors'")).not.toEqual([]);
    await open();
    await reaches("serving");
    await other.settle();
    expect(await rows("SELECT 1 FROM erasures")).toEqual([]);
    expect(await index()).toMatchObject({ valid: true });
  });

  it("is dropped when it is measured and does not do, and the account is scanned", async () => {
    // With so few probes nothing can be said of 0.999.
    const node = await open({ ...small, recall: 0.999 });
    await reaches("unfit");
    await vi.waitFor(async () => expect(await index()).toBeUndefined(), PATIENCE);
    const [one] = await stored();
    expect((await node.identities.nearest(account, one!.vector, 1))[0]).toMatchObject({
      identityId: one!.id,
    });
    const { accounts } = await postgresSearchReport(database.url, { galleryFaces: 0 });
    expect(accounts[0]).toMatchObject({
      way: "scan",
      index: { state: "unfit", measured: { probes: 60, misses: 0 } },
    });
    expect(accounts[0]!.index!.measured!.recallAt1AtLeast).toBeLessThan(0.999);
  });

  it("says why it could not be made, and the account is scanned", async () => {
    await execute(database.url, "ALTER TABLE vectors ALTER COLUMN embedding TYPE vector");
    await execute(
      database.url,
      `INSERT INTO vectors SELECT 1e9, 1, account, '[1,2,3]' FROM vectors WHERE account > 0 LIMIT 1`,
    );
    await open();
    await reaches("failed");
    expect((await state())!.note).toContain("dimensions");
    expect(await index()).toBeUndefined();
  });

  it("goes when the account has become small", async () => {
    const node = await open();
    await reaches("serving");
    const people = [...new Set((await stored()).map(({ id }) => id))];
    await node.identities.delete(account, people.slice(0, 250), 3000);
    await vi.waitFor(async () => {
      expect(await index()).toBeUndefined();
      expect(await state()).toBeUndefined();
    }, PATIENCE);
    expect(await node.identities.count(account)).toEqual({ identities: 50, faces: 100 });
  });

  it.skipIf(noFiles !== undefined)(
    `keeps no byte of a deleted face once it is erased${noFiles ? `: ${noFiles}` : ""}`,
    async () => {
      const node = await open();
      await reaches("serving");
      const people = [];
      for (let i = 0; i < 25; i++)
        people.push(await enrol(node, account, [face(20_000 + i), face(30_000 + i)]));
      const inFiles = (bytes: Uint8Array) => findInFiles(server.directory!, database.url, bytes);
      const gone = people.filter((_, i) => i % 4 === 1);
      const halves = await Promise.all(
        gone.flatMap(({ faces }) => faces.map((one) => halfBytes(database.url, one.embedding))),
      );
      for (const half of halves) expect(await inFiles(half)).toHaveLength(1);
      await node.identities.delete(
        account,
        gone.map(({ identityId }) => identityId),
        3000,
      );
      await node.settle();
      for (const half of halves) expect(await inFiles(half)).toEqual([]);
      for (const { faces } of gone)
        for (const { embedding: one } of faces) expect(await inFiles(new Uint8Array(one.buffer))).toEqual([]);
      // Those who stay are found after the index's repair.
      for (const { identityId, faces } of people.filter((_, i) => i % 4 !== 1))
        expect((await node.identities.nearest(account, faces[0]!.embedding, 1))[0]).toMatchObject({
          identityId,
        });
    },
  );
});

/** Two faces a person, at a cosine of about 0.7. */
async function fill(url: string, account: string, faces: number): Promise<void> {
  const vectors = Array.from({ length: faces }, (_, i) => {
    const centre = embedding(50_000 + Math.floor(i / 2));
    return `[${near(centre, embedding(60_000 + i)).join(",")}]`;
  });
  await query(
    url,
    `WITH account AS (SELECT row FROM accounts WHERE id = $1),
       people AS (INSERT INTO identities (account, id, metadata, folded, created_at, updated_at)
         SELECT account.row, 'person-' || n, '{}', '', 0, 0 FROM account, generate_series(1, $2::int / 2) n RETURNING row),
       numbered AS (SELECT row, row_number() OVER (ORDER BY row) - 1 AS n FROM people),
       photos AS (SELECT place, (place - 1) / 2 AS n, vector FROM unnest($3::text[]) WITH ORDINALITY AS v (vector, place)),
       written AS (INSERT INTO faces (account, identity, id, quality, box, confidence, has_crop, created_at)
         SELECT account.row, numbered.row, 'photo-' || place, '{}', '{}', 1, false, 0 FROM account, photos JOIN numbered USING (n)
         RETURNING slot, id, identity, account),
       stored AS (INSERT INTO vectors (slot, identity, account, embedding)
         SELECT slot, identity, account, vector::vector FROM written JOIN photos ON written.id = 'photo-' || place)
     UPDATE gallery_heads SET faces = $2 FROM account WHERE account = account.row`,
    [account, faces, vectors],
  );
  await execute(url, "ANALYZE vectors");
}

function near(vector: Float32Array, other: Float32Array): Float32Array {
  const mixed = vector.map((value, i) => 0.8 * value + 0.6 * other[i]!);
  const length = Math.hypot(...mixed);
  return mixed.map((value) => value / length);
}

/** As the index stores it: halves, little-endian. */
async function halfBytes(url: string, vector: Float32Array): Promise<Uint8Array> {
  const [row] = await query<{ sent: Buffer }>(url, "SELECT halfvec_send($1::vector::halfvec(128)) AS sent", [
    `[${vector.join(",")}]`,
  ]);
  return row!.sent.subarray(4).swap16();
}
