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
    it("lists the galleries that a node's memory does not hold", async () => {
      const { args, node, database } = await cluster();
      await (await node("api")).stop();
      const accounts = [
        ["small", 900],
        ["scanned", 5_000],
      ];
      await execute(database.url, "INSERT INTO recognisers (id, dimension) VALUES ('test.1', 128)");
      for (const [name, faces] of accounts)
        await execute(
          database.url,
          `WITH a AS (INSERT INTO accounts (id, client_id, name, secret_hash, disabled, created_at)
             VALUES ('${name}', '${name}', '${name}', '-', false, 0) RETURNING row),
           c AS (INSERT INTO collections (account, id, name, settings, created_at, updated_at)
             SELECT row, '${name}', 'default', '{}', 0, 0 FROM a RETURNING row)
           INSERT INTO galleries (collection, recogniser, faces) SELECT c.row, 1, ${faces} FROM c`,
        );

      const { stdout } = await run(["doctor", "--json", ...args, "--gallery-faces", "1000"]);
      const { checks } = JSON.parse(stdout) as { checks: Check[] };
      const of = (name: string) => checks.find((check) => check.name === name)!;
      expect(of("search")).toMatchObject({ state: "ok" });
      expect(of("search").detail).toMatch(
        /galleries, all exactly: \d+ from memory \([\d,]+ faces\), 1 by PostgreSQL \(5,000 faces\)/,
      );
      expect(of("search in small")).toBeUndefined();
      expect(of("search in scanned")).toMatchObject({
        state: "ok",
        detail: expect.stringMatching(/^5,000 faces, scanned by PostgreSQL.*--gallery-faces 5000 or more/),
      });
    });
  },
);
