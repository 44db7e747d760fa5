import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { execute } from "../../../packages/service/test/postgres/database.ts";
import { form, FRANCK, login, photo } from "./api.ts";
import { run, startServer, temporaryDirectory } from "./command.ts";
import { cluster, noPostgres } from "./nodes.ts";

const IDENTITY = "/innovation-service/identity";

describe.skipIf(noPostgres !== undefined)(
  `the place of the images${noPostgres ? `: ${noPostgres}` : ""}`,
  () => {
    it("is the data directory of a single node, which finds it again, and no other node may take its own", async () => {
      const { database } = await cluster();
      const url = ["--database-url", database.url];
      const data = await temporaryDirectory();
      const first = await startServer(data, url);
      const api = await login(first.url, first);
      const photos = form({ field: "input_images", blobs: [await photo(FRANCK[0]!)] });
      const { body } = await api.call("POST", IDENTITY, photos);
      expect(await api.end(IDENTITY, body.job_id)).toMatchObject({ status: "Succeeded" });

      const elsewhere = await temporaryDirectory();
      const serve = ["serve", "--port", "0", "--data", elsewhere, ...url];
      for (const [args, where] of [
        [[], elsewhere],
        [["--role", "worker", "--blobs", join(elsewhere, "own")], join(elsewhere, "own")],
      ] as const) {
        const second = await run([...serve, ...args]);
        expect(second).toMatchObject({ code: 1, stdout: "" });
        expect(second.stderr).toContain(`another place than ${where}`);
        expect(second.stderr).toContain("the same --blobs");
        expect(second.stderr).not.toContain(new URL(database.url).password || "no password here");
      }
      for (const [where, state] of [
        [join(elsewhere, "own"), "fail"],
        [join(data, "blobs"), "ok"],
      ]) {
        const { stdout } = await run(["doctor", "--json", ...url, "--blobs", where!]);
        const { checks } = JSON.parse(stdout) as { checks: { name: string; state: string }[] };
        expect(checks.find(({ name }) => name === "blobs")).toMatchObject({ state });
      }
      const worker = ["--role", "worker", ...url, "--blobs", join(data, "blobs")];
      await (await startServer(elsewhere, worker)).stop();
      await first.stop();
      await (await startServer(data, url)).stop();
    });

    it("can be given up for another one", async () => {
      const { database } = await cluster();
      const url = ["--database-url", database.url];
      await (await startServer(await temporaryDirectory(), url)).stop();
      await execute(database.url, "DELETE FROM secrets WHERE name = 'blob-place'");
      const data = await temporaryDirectory();
      await (await startServer(data, url)).stop();
      await (await startServer(data, url)).stop();
    });

    it("is agreed on by nodes that begin at once", async () => {
      const nodes = await cluster();
      await Promise.all(
        (await Promise.all([nodes.node("all"), nodes.node("api"), nodes.node("worker")])).map((node) =>
          node.stop(),
        ),
      );

      const { database } = await cluster();
      const serve = async () =>
        run([
          "serve",
          "--port",
          "0",
          "--host",
          "192.0.2.1",
          "--data",
          await temporaryDirectory(),
          "--database-url",
          database.url,
        ]);
      const said = (await Promise.all([serve(), serve(), serve()])).map(
        ({ stderr }) => /another place|no address/.exec(stderr)?.[0],
      );
      expect(said.map(String).toSorted()).toEqual(["another place", "another place", "no address"]);
    });
  },
);
