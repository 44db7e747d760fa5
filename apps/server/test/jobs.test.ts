import { createReadStream } from "node:fs";
import { join } from "node:path";
import { openLocalBlobs } from "@prosopon/service";
import { openSqliteStorage } from "@prosopon/service/sqlite";
import { describe, expect, it } from "vitest";
import { photoPath } from "./api.ts";
import { run, startServer, temporaryDirectory } from "./command.ts";

/** A data directory with one account, of which jobs with these photos have died at these times. */
async function dataWithDeadJobs(...deaths: { photo: string; until: number }[]) {
  const data = join(await temporaryDirectory(), "data");
  const made = await run(["accounts", "create", "--data", data, "--json"]);
  const { clientId, secretId } = JSON.parse(made.stdout) as { clientId: string; secretId: string };
  const storage = await openSqliteStorage({ directory: data });
  const blobs = await openLocalBlobs(join(data, "blobs"));
  const { id: accountId } = (await storage.accounts.byClientId(clientId))!;
  const { id: collectionId } = (await storage.collections.get(accountId, "default"))!;
  for (const [index, { photo, until }] of deaths.entries()) {
    const { blobId, size } = await blobs.put(createReadStream(photoPath(photo)), { maxBytes: 1e6 });
    const now = Date.now() + index;
    const payload = { kind: "enrol" as const, images: [{ blobId, size }], collectionId };
    await storage.jobs.enqueue({ id: `dead-${index}`, accountId, payload, now });
    const [job] = await storage.jobs.claim({ limit: 1, leaseMs: 1000, maxAttempts: 5, now });
    const outcome = { type: "failed", error: "It crashed.", deadUntil: until } as const;
    await storage.jobs.finish({ jobId: job!.id, leaseId: job!.leaseId }, outcome, now);
  }
  await blobs.close();
  await storage.close();
  return { data, env: { PROSOPON_CLIENT_ID: clientId, PROSOPON_SECRET_ID: secretId } };
}

const soon = () => Date.now() + 3_600_000;

describe("prosopon jobs", () => {
  it("lists dead jobs, retries one and then all the others, and waits for their ends", async () => {
    const { data, env } = await dataWithDeadJobs(
      { photo: "audrey.jpg", until: soon() },
      { photo: "franck_01829.jpg", until: soon() },
      { photo: "cage.jpg", until: 1 },
    );
    const server = await startServer(data, [], { env });
    const jobs = async (...args: string[]) => {
      const { code, stdout, stderr } = await run(["jobs", ...args, "--url", server.url], { env });
      expect(stderr).toBe("");
      return { code, stdout };
    };
    const dead = await jobs("list", "--dead");
    expect(dead.stdout).toMatch(/dead-2 +enrol +Failed +\S+ +too late +It crashed\./);
    expect(dead.stdout).toMatch(/dead-0 +enrol +Failed +\S+ +until \S+ +It crashed\./);

    const one = await jobs("retry", "dead-0", "--json");
    expect(one.code).toBe(0);
    const [{ job_id, retried_as }] = JSON.parse(one.stdout).jobs;
    expect([job_id, typeof retried_as]).toEqual(["dead-0", "string"]);
    expect((await jobs("retry", "dead-0", "--json")).stdout).toBe(one.stdout);

    const all = await jobs("retry", "--all", "--json");
    expect(JSON.parse(all.stdout).jobs).toEqual([{ job_id: "dead-1", retried_as: expect.any(String) }]);
    expect((await jobs("retry", "--all")).stdout).toBe("No abandoned job waits for a retry.\n");
    const listed = JSON.parse((await jobs("list", "--json")).stdout).jobs as { status: string }[];
    expect(listed.map(({ status }) => status).toSorted()).toEqual([
      "Failed",
      "Failed",
      "Failed",
      "Succeeded",
      "Succeeded",
    ]);

    const cancelled = await run(["jobs", "cancel", "dead-0", "no-such", "--url", server.url, "--json"], {
      env,
    });
    expect([cancelled.code, JSON.parse(cancelled.stdout).jobs]).toEqual([
      1,
      [
        { job_id: "dead-0", outcome: "this job has ended already: it is Failed" },
        { job_id: "no-such", outcome: "no job has the id no-such" },
      ],
    ]);

    const late = await run(["jobs", "retry", "dead-2", "--url", server.url], { env });
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining("abandoned too long ago")]);
    await server.stop();
  });
});
