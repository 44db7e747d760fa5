import { mkdir, readdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { credentials, CUT, SILENT, startS3 } from "../../../tools/s3.ts";
import { form, FRANCK, login, photo, type Api } from "./api.ts";
import { begin, run, startServer, temporaryDirectory, type RunningServer } from "./command.ts";
import { errorsOf, expectAsDocumented, readiness, type Seen } from "./fault-table.ts";
import { cluster, madeAccount, noPostgres } from "./nodes.ts";
import { mountSmallDisk, type Disk } from "./small-disk.ts";

const IDENTITY = "/innovation-service/identity";
const JOBS = 12;
/** The documented bound, and what a busy machine takes on top. */
const TOLD_MS = 15_000 + 5_000;
const small = noPostgres ?? (await mountSmallDisk(64 * 2 ** 20));
const noDisk = typeof small === "string" ? small : undefined;

interface Sent extends Pick<Seen, "call"> {
  jobId: string | undefined;
}

async function enrol(url: string, { token }: Api, number = 0): Promise<Sent> {
  const blobs = [await photo(FRANCK[number % FRANCK.length]!)];
  const headers = { authorization: `Bearer ${token}` };
  const body = form({ field: "input_images", blobs });
  const answer = await fetch(`${url}${IDENTITY}`, { method: "POST", headers, body });
  const { job_id: jobId, message = "" } = (await answer.json()) as { job_id?: string; message?: string };
  return {
    jobId,
    call: { status: answer.status, retryAfter: answer.headers.get("retry-after"), message },
  };
}

const linesOf = ({ outcome }: Pick<RunningServer, "outcome">, text: string): number =>
  outcome.stderr.split("\n").filter((line) => line.includes(text)).length;

describe.skipIf(noPostgres !== undefined)(
  `a node whose images are away${noPostgres ? `: ${noPostgres}` : ""}`,
  () => {
    // What a mount point looks like whose volume is gone, or the path of one that was never there.
    for (const [what, leave] of [
      ["an empty directory", (path: string) => mkdir(path)],
      ["no directory", async () => {}],
    ] as const)
      it(`fails no job, takes none, says so once and heals by itself: ${what}`, async () => {
        const nodes = await cluster();
        const place = nodes.args.at(-1)!;
        // Each node has a path of its own to the same place, as each machine has its own mount.
        const mounts = await temporaryDirectory();
        const start = async (role: "api" | "worker", name: string) => {
          await symlink(place, join(mounts, name));
          const args = ["--role", role, "--database-url", nodes.database.url, "--blobs", join(mounts, name)];
          return startServer(await temporaryDirectory(), args);
        };
        const [api, broken] = [await start("api", "a"), await start("worker", "b")];
        const client = await login(api.url, madeAccount([api]));

        await rename(join(mounts, "b"), join(mounts, "b-away"));
        await leave(join(mounts, "b"));
        await expect
          .poll(() => readiness(broken))
          .toMatchObject({ status: 503, message: expect.stringContaining("may not be mounted") });
        const sent = [];
        for (let at = 0; at < JOBS; at++) sent.push((await enrol(api.url, client, at)).jobId!);
        await sleep(3_000);
        expect(await readdir(join(mounts, "b")).catch(() => [])).toEqual([]);
        expect((await readiness(api)).status).toBe(200);
        const whole = await start("worker", "c");
        for (const job of sent)
          expect(await client.end(IDENTITY, job)).toMatchObject({ status: "Succeeded" });
        await whole.stop();

        const waiting = (await enrol(api.url, client)).jobId!;
        await rm(join(mounts, "b"), { recursive: true, force: true });
        await rename(join(mounts, "b-away"), join(mounts, "b"));
        expect(await client.end(IDENTITY, waiting)).toMatchObject({ status: "Succeeded" });
        await expect.poll(() => readiness(broken)).toMatchObject({ status: 200 });
        expect(linesOf(broken, "the place of the images is away")).toBe(1);
        expect(linesOf(broken, "the place of the images is back")).toBe(1);

        // An upload that lands on the disk below the mount point would be lost with the answer that it is kept.
        // Also where the place was seen a moment before.
        expect((await enrol(api.url, client)).call.status).toBe(200);
        await rename(join(mounts, "a"), join(mounts, "a-away"));
        await leave(join(mounts, "a"));
        expect((await enrol(api.url, client)).call.status).toBe(503);
        await expectAsDocumented("unmounted", {
          ...(await enrol(api.url, client)),
          log: () => errorsOf(api, 0),
          readyz: await readiness(api),
        });
        expect(await readdir(join(mounts, "a")).catch(() => [])).toEqual([]);
        await rm(join(mounts, "a"), { recursive: true, force: true });
        await rename(join(mounts, "a-away"), join(mounts, "a"));
        await expect.poll(async () => (await enrol(api.url, client)).call.status).toBe(200);
        await Promise.all([api.stop(), broken.stop()]);
      });

    for (const [row, what, breakIt, mend] of [
      [
        "failingVolume",
        "read-only",
        (disk: Disk) => disk.readOnly(true),
        (disk: Disk) => disk.readOnly(false),
      ],
      ["fullVolume", "full to the last byte", (disk: Disk) => disk.fill(), (disk: Disk) => disk.empty()],
    ] as const)
      it.skipIf(noDisk !== undefined)(
        `says so once, loses nothing, and heals by itself where its volume is ${what}${noDisk ? `: ${noDisk}` : ""}`,
        async () => {
          const disk = small as Disk;
          const nodes = await cluster({ blobs: join(disk.directory, row) });
          const [api, worker] = [await nodes.node("api"), await nodes.node("worker")];
          const client = await login(api.url, madeAccount([api]));
          const sent = [];
          for (let at = 0; at < 6; at++) sent.push((await enrol(api.url, client, at)).jobId!);
          await breakIt(disk);
          for (const node of [api, worker])
            await expect.poll(() => readiness(node)).toMatchObject({ status: 503 });
          for (let at = 0; at < 3; at++) expect((await enrol(api.url, client, at)).call.status).toBe(503);
          // Both say how much is free, and jobs that end meanwhile give some back: looked at until nothing did in between.
          for (const node of [api, worker])
            await vi.waitFor(
              async () =>
                expectAsDocumented(row, {
                  ...(await enrol(api.url, client)),
                  log: () => errorsOf(node, 0),
                  readyz: await readiness(node),
                }),
              { timeout: 10_000 },
            );
          // Of what needs no image nothing is kept from anybody.
          expect((await client.call("GET", "/v1/account")).status).toBe(200);
          await login(api.url, madeAccount([api]));
          await mend(disk);
          for (const node of [api, worker])
            await expect.poll(() => readiness(node)).toMatchObject({ status: 200 });
          sent.push((await enrol(api.url, client)).jobId!);
          for (const job of sent)
            expect(await client.end(IDENTITY, job)).toMatchObject({ status: "Succeeded" });
          await Promise.all([api.stop(), worker.stop()]);
        },
      );

    it("in object storage: answers cut off, silence, refused credentials and a lost bucket fail no job", async () => {
      const s3 = await startS3();
      const { env } = s3;
      const nodes = await cluster({ blobs: `s3://${credentials.bucket}/in-flight` });
      const [api, worker] = [await nodes.node("api", [], { env }), await nodes.node("worker", [], { env })];
      const client = await login(api.url, madeAccount([api]));
      for (const [row, fault] of [
        ["objects", CUT],
        ["objects", SILENT],
        ["objects", 503],
        ["objectsRefuse", 403],
        ["unmounted", 404],
      ] as const) {
        const before = new Map([api, worker].map((node) => [node, node.outcome.stderr.length]));
        const sent = [(await enrol(api.url, client)).jobId!];
        await s3.failAlways(fault);
        const began = performance.now();
        const told = await Promise.all([1, 2, 3].map((at) => enrol(api.url, client, at)));
        expect(performance.now() - began).toBeLessThan(TOLD_MS);
        // What is cut off after the storage took it is taken.
        sent.push(...told.flatMap(({ jobId }) => jobId ?? []));
        const refused = told.find(({ jobId }) => jobId === undefined) ?? (await enrol(api.url, client));
        for (const node of [api, worker]) {
          await expect.poll(() => readiness(node)).toMatchObject({ status: 503 });
          // Told by the store, before the probe's patience ends.
          await expect.poll(() => errorsOf(node, before.get(node)!)).not.toEqual([]);
          await expectAsDocumented(row, {
            call: refused.call,
            log: () => errorsOf(node, before.get(node)!),
            readyz: await readiness(node),
          });
          expect((await readiness(node)).message).not.toMatch(/bucket|40[34]|127\.0/);
        }
        await s3.failAlways(undefined);
        for (const job of sent)
          expect(await client.end(IDENTITY, job)).toMatchObject({ status: "Succeeded" });
        for (const node of [api, worker]) {
          await expect.poll(() => readiness(node)).toMatchObject({ status: 200 });
          const after = { outcome: { ...node.outcome, stderr: node.outcome.stderr.slice(before.get(node)) } };
          expect(linesOf(after, "the place of the images is back")).toBe(1);
        }
      }
      await Promise.all([api.stop(), worker.stop()]);

      // One that starts meanwhile waits, and says so; with keys that are refused it ends, as they are mostly mistyped.
      await s3.failAlways(CUT);
      const args = ["serve", "--json", "--port", "0", "--data", await temporaryDirectory(), ...nodes.args];
      const late = begin([...args, "--role", "worker", "--threads", "1", "--log-level", "info"], { env });
      await expect.poll(() => late.outcome.stderr).toContain("the server waits");
      const waiting = { url: /"url":"(http:[^"]+)"/.exec(late.outcome.stderr)![1]! };
      expect(await readiness(waiting)).toMatchObject({
        status: 503,
        message: expect.stringContaining("the place of the images is away"),
      });
      await s3.failAlways(undefined);
      await expect.poll(() => late.outcome.stdout).toContain("\n");
      late.child.kill("SIGTERM");
      expect((await late.ended).code).toBe(0);
      await s3.failAlways(403);
      expect(await run(args, { env })).toMatchObject({ code: 1, stderr: expect.stringContaining("403") });
      await s3.close();
    });
  },
);
