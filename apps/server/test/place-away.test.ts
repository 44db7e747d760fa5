import { mkdir, readdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { CUT, credentials, startS3 } from "../../../packages/service/test/blobs/s3-server.ts";
import { form, FRANCK, login, photo, type Api } from "./api.ts";
import { startServer, temporaryDirectory, type RunningServer } from "./command.ts";
import { cluster, madeAccount, noPostgres } from "./nodes.ts";

const IDENTITY = "/innovation-service/identity";
const JOBS = 12;

async function enrol(api: Api, number: number): Promise<{ status: number; body: { job_id: string } }> {
  const blobs = [await photo(FRANCK[number % FRANCK.length]!)];
  return api.call("POST", IDENTITY, form({ field: "input_images", blobs }));
}

async function readiness({ url }: RunningServer): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${url}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

const linesOf = ({ outcome }: RunningServer, text: string): number =>
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
          .toMatchObject({ status: 503, text: expect.stringContaining("may not be mounted") });
        const sent = [];
        for (let at = 0; at < JOBS; at++) sent.push((await enrol(client, at)).body.job_id);
        await sleep(3_000);
        expect(await readdir(join(mounts, "b")).catch(() => [])).toEqual([]);
        expect((await readiness(api)).status).toBe(200);
        const whole = await start("worker", "c");
        for (const job of sent)
          expect(await client.end(IDENTITY, job)).toMatchObject({ status: "Succeeded" });
        await whole.stop();

        const waiting = (await enrol(client, 0)).body.job_id;
        await rm(join(mounts, "b"), { recursive: true, force: true });
        await rename(join(mounts, "b-away"), join(mounts, "b"));
        expect(await client.end(IDENTITY, waiting)).toMatchObject({ status: "Succeeded" });
        await expect.poll(() => readiness(broken)).toMatchObject({ status: 200 });
        expect(linesOf(broken, "the place of the images is away")).toBe(1);
        expect(linesOf(broken, "the place of the images is back")).toBe(1);

        // An upload that lands on the disk below the mount point would be lost with the answer that it is kept.
        await rename(join(mounts, "a"), join(mounts, "a-away"));
        await leave(join(mounts, "a"));
        await expect.poll(async () => (await enrol(client, 0)).status).toBe(503);
        expect(await readdir(join(mounts, "a")).catch(() => [])).toEqual([]);
        await rm(join(mounts, "a"), { recursive: true, force: true });
        await rename(join(mounts, "a-away"), join(mounts, "a"));
        await expect.poll(async () => (await enrol(client, 0)).status).toBe(200);
        await Promise.all([api.stop(), broken.stop()]);
      });

    it("in object storage: answers cut off, refused credentials and a lost bucket fail no job", async () => {
      const s3 = await startS3();
      const env = {
        PROSOPON_S3_ENDPOINT: s3.endpoint,
        PROSOPON_S3_REGION: credentials.region,
        PROSOPON_S3_ACCESS_KEY_ID: credentials.accessKeyId,
        PROSOPON_S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      };
      const nodes = await cluster({ blobs: `s3://${credentials.bucket}/in-flight` });
      const [api, worker] = [await nodes.node("api", [], { env }), await nodes.node("worker", [], { env })];
      const client = await login(api.url, madeAccount([api]));
      for (const fault of [CUT, 403, 404]) {
        const sent = (await enrol(client, 0)).body.job_id;
        await s3.failAlways(fault);
        const more = [];
        for (let at = 1; at < 4; at++) {
          const { status, body } = await enrol(client, at);
          // What is cut off after S3 took it is taken.
          if (status === 200) more.push(body.job_id);
          else expect(status).toBe(503);
        }
        for (const node of [api, worker])
          await expect
            .poll(() => readiness(node))
            .toMatchObject({ status: 503, text: expect.not.stringMatching(/bucket|40[34]|127\.0/) });
        await s3.failAlways(undefined);
        for (const job of [sent, ...more])
          expect(await client.end(IDENTITY, job)).toMatchObject({ status: "Succeeded" });
        await expect.poll(() => readiness(worker)).toMatchObject({ status: 200 });
      }
      expect(linesOf(worker, "the place of the images is away")).toBeLessThanOrEqual(3);
      await Promise.all([api.stop(), worker.stop()]);
      await s3.close();
    });
  },
);
