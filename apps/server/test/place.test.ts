import { chmod, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createDatabase, testPostgres } from "../../../packages/service/test/postgres/database.ts";
import { credentials, startS3 } from "../../../tools/s3.ts";
import { form, FRANCK, login, photo } from "./api.ts";
import { run, startServer, temporaryDirectory } from "./command.ts";
import { cluster, noPostgres } from "./nodes.ts";

const postgres = await testPostgres();
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

    it("can be given up for another one, by the command that says so", async () => {
      const { database } = await cluster();
      const url = ["--database-url", database.url];
      await (await startServer(await temporaryDirectory(), url)).stop();
      const data = await temporaryDirectory();
      const blobs = ["--blobs", join(data, "elsewhere")];
      expect((await run(["serve", "--port", "0", "--data", data, ...url, ...blobs])).stderr).toContain(
        "prosopon blobs adopt",
      );
      expect((await run(["blobs", "adopt", "--json", ...url, ...blobs])).code).toBe(0);
      await (await startServer(data, [...url, ...blobs])).stop();
      await (await startServer(data, [...url, ...blobs])).stop();
    });

    it("is refused where something else lies, whose files stay as they are, unless it is told to share", async () => {
      const data = await temporaryDirectory();
      const shared = await temporaryDirectory();
      const old = new Date(Date.now() - 48 * 3_600_000);
      const theirs = ["holiday.jpg", "x".repeat(32), "half.part"];
      for (const name of theirs) {
        await writeFile(join(shared, name), "theirs");
        await utimes(join(shared, name), old, old);
      }
      await chmod(shared, 0o755);
      const { database } = await cluster();
      for (const more of [[], ["--database-url", database.url]]) {
        const place = ["--data", data, ...more, "--blobs", shared];
        const refused = await run(["serve", "--port", "0", ...place]);
        expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("is not empty") });
        expect(refused.stderr).toContain("prosopon blobs adopt");
      }
      expect((await run(["blobs", "adopt", "--data", data, "--blobs", shared])).code).toBe(0);
      const server = await startServer(data, ["--blobs", shared]);
      // Its first sweep comes a second after the start.
      await sleep(3_000);
      await server.stop();
      expect((await readdir(shared)).toSorted()).toEqual([...theirs, "prosopon-place"].toSorted());
      expect((await stat(shared)).mode & 0o777).toBe(0o755);
    });

    it("is refused in a bucket where something else lies, whose objects and begun uploads stay as they are", async () => {
      const s3 = await startS3();
      const { env } = s3;
      // One looks as images did in earlier releases, one nearly as they do now.
      const theirs = ["backup/2026.tar", "x".repeat(32), "prosopon.sql"];
      await s3.theirs(...theirs);
      await s3.age(72 * 3_600_000);
      const nodes = await cluster({ blobs: `s3://${credentials.bucket}` });
      const serve = ["serve", "--port", "0", "--data", await temporaryDirectory(), ...nodes.args];
      const refused = await run(serve, { env });
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("is not empty") });
      expect(refused.stderr).toContain("prosopon blobs adopt");
      expect((await run(["blobs", "adopt", ...nodes.args], { env })).code).toBe(0);

      const node = await nodes.node("all", [], { env });
      const api = await login(node.url, node);
      const photos = form({ field: "input_images", blobs: [await photo(FRANCK[0]!)] });
      const { body } = await api.call("POST", IDENTITY, photos);
      expect(await api.end(IDENTITY, body.job_id)).toMatchObject({ status: "Succeeded" });
      // Its first sweep comes a second after the start.
      await sleep(3_000);
      const { keys, uploads } = await s3.look();
      expect(keys.toSorted()).toEqual([...theirs, "prosopon-place"].toSorted());
      expect(uploads.toSorted()).toEqual(theirs.toSorted());
      await node.stop();
      await s3.close();
    });

    it("is refused to a copy of its database and to a new one, whose nodes harm no image, until it is handed over", async () => {
      if (typeof postgres === "string") throw new Error(postgres);
      const nodes = await cluster();
      const blobs = nodes.args.at(-1)!;
      const first = await nodes.node("api");
      const api = await login(first.url, first);
      const sent: string[] = [];
      for (const name of FRANCK) {
        const photos = form({ field: "input_images", blobs: [await photo(name)] });
        sent.push((await api.call("POST", IDENTITY, photos)).body.job_id);
      }
      await first.stop();

      const copy = await createDatabase(postgres.url, nodes.database.url);
      const fresh = await createDatabase(postgres.url);
      try {
        const before = await readdir(blobs);
        for (const { url } of [copy, fresh]) {
          const other = ["--database-url", url, "--blobs", blobs];
          const refused = await run(["serve", "--port", "0", "--role", "worker", ...other]);
          expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("of another database") });
          expect(refused.stderr).toContain("prosopon blobs adopt");
        }
        expect(await readdir(blobs)).toEqual(before);

        const [again, worker] = [await nodes.node("api"), await nodes.node("worker")];
        const then = await login(again.url, first);
        for (const job of sent) expect(await then.end(IDENTITY, job)).toMatchObject({ status: "Succeeded" });

        // Handed over under its feet, the database before takes no more work.
        const adopted = await run(["blobs", "adopt", "--json", "--database-url", copy.url, "--blobs", blobs]);
        expect(JSON.parse(adopted.stdout)).toMatchObject({
          before: new URL(nodes.database.url).pathname.slice(1),
        });
        for (const node of [again, worker])
          await expect
            .poll(async () => (await fetch(`${node.url}/readyz`)).json())
            .toMatchObject({ statusCode: 503, message: expect.stringContaining("handed over") });
        await Promise.all([again.stop(), worker.stop()]);
        const other = ["--role", "worker", "--database-url", copy.url, "--blobs", blobs];
        await (await startServer(await temporaryDirectory(), other)).stop();
      } finally {
        await copy.drop();
        await fresh.drop();
      }
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
        ({ stderr }) => /another place|not an address/.exec(stderr)?.[0],
      );
      expect(said.map(String).toSorted()).toEqual(["another place", "another place", "not an address"]);
    });
  },
);
