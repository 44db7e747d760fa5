import { describe, expect, it } from "vitest";
import { execute } from "../../../packages/service/test/postgres/database.ts";
import { run } from "./command.ts";
import { cluster, noPostgres } from "./nodes.ts";

interface Check {
  name: string;
  state: string;
  detail: string;
  fix?: string;
}

describe.skipIf(noPostgres !== undefined)(
  `doctor on the search${noPostgres ? `: ${noPostgres}` : ""}`,
  () => {
    it("tells how each account is searched, and what was measured of an index", async () => {
      const { args, node, database } = await cluster();
      await (await node("api")).stop();
      const accounts = [
        ["small", 900],
        ["scanned", 5_000],
        ["indexed", 400_000],
        ["unfit", 300_000],
      ];
      for (const [name, faces] of accounts)
        await execute(
          database.url,
          `WITH a AS (INSERT INTO accounts (id, client_id, name, secret_hash, settings, disabled, created_at)
             VALUES ('${name}', '${name}', '${name}', '-', '{}', false, 0) RETURNING row)
           INSERT INTO gallery_heads (account, faces) SELECT row, ${faces} FROM a`,
        );
      for (const [name, state, misses] of [
        ["indexed", "serving", 0],
        ["unfit", "unfit", 9],
      ])
        await execute(
          database.url,
          `INSERT INTO search_indexes (account, state, faces, changed_at, ef_search, sure, probes, misses, recall_at_10, answered, strangers, stranger_misses, index_ms, exact_ms)
           SELECT row, '${state}', 390000, 1795478400000, 200, 0.52, 3000, ${misses}, 0.85, 0.91, 1000, 0, 21, 130 FROM accounts WHERE id = '${name}'`,
        );

      const { stdout } = await run(["doctor", "--json", ...args, "--gallery-faces", "1000"]);
      const { checks } = JSON.parse(stdout) as { checks: Check[] };
      const of = (name: string) => checks.find((check) => check.name === name)!;
      expect(of("search")).toMatchObject({ state: "ok" });
      expect(of("search").detail).toMatch(
        /exactly, from memory \([\d,]+ faces\), 2 exactly, by PostgreSQL \(305,000 faces\), 1 by an HNSW index \(400,000 faces\)/,
      );
      expect(of("search in small")).toBeUndefined();
      expect(of("search in scanned")).toMatchObject({ state: "ok", detail: "5,000 faces, scanned exactly" });
      expect(of("search in indexed").state).toBe("ok");
      expect(of("search in indexed").detail).toContain(
        "recall@1 1.0000 (at least 0.9990 with 95 % confidence: 0 of 3,000 probes wrong, and 0 of 1,000 strangers), recall@10 0.850",
      );
      expect(of("search in indexed").detail).toContain("measured 2026-11-24 on 390,000 faces");
      expect(of("search in unfit")).toMatchObject({
        state: "warn",
        detail: expect.stringContaining("recall@1 0.9970"),
        fix: expect.stringContaining("--gallery-faces 300000"),
      });
    });
  },
);
