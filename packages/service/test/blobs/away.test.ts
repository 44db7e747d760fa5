import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { BlobsAwayError, openLocalBlobs } from "../../src/index.ts";
import { atEnd, eventually, FakeClock, form, photo, start } from "../fixture.ts";

const IDENTITY = "/innovation-service/identity";

describe("images whose store is away", () => {
  const opened = async (outage: { on: boolean; uploads?: boolean }) => {
    const directory = await mkdtemp(path.join(tmpdir(), "prosopon-away-"));
    atEnd(() => rm(directory, { recursive: true }));
    const blobs = await openLocalBlobs(directory);
    return {
      ...blobs,
      put: async (...args: Parameters<typeof blobs.put>) => {
        if (outage.uploads) throw new BlobsAwayError("The object storage at bucket-of-ours does not answer.");
        return blobs.put(...args);
      },
      delete: async (blobIds: string[]) => {
        if (outage.on) throw new BlobsAwayError("The object storage does not answer.");
        await blobs.delete(blobIds);
      },
    };
  };

  it("are left to the sweep where they cannot be erased; the identity that a DELETE named is gone, and it says so", async () => {
    const outage = { on: false };
    const blobs = await opened(outage);
    const clock = new FakeClock();
    const api = await start({ blobs, clock, limits: { orphanAgeMs: 0 } });
    const images = form([["input_images", await photo("audrey.jpg")]]);
    const { identity_id } = await api.run("POST", IDENTITY, [["input_images", await photo("audrey.jpg")]]);
    await api.service.worker.stop();
    images.append("identity_id", identity_id);
    const { body } = await api.call("PUT", IDENTITY, { body: images });
    outage.on = true;
    expect((await api.call("DELETE", `${IDENTITY}?identity_id=${identity_id}`)).status).toBe(204);
    expect((await api.call("GET", `/v1/identities/${identity_id}`)).status).toBe(404);
    expect((await api.call("GET", `${IDENTITY}?job_id=${body.job_id}`)).body.status).toBe("Failed");
    expect(api.log.join("")).toContain("the sweep will");
    expect(await blobs.list(Infinity)).toHaveLength(1);
    outage.on = false;
    await clock.advance(6 * 60_000);
    await eventually(() => blobs.list(Infinity)).toEqual([]);
  });

  it("are left to the sweep by a job that has ended, which the log does not take for one that goes on", async () => {
    const outage = { on: true };
    const blobs = await opened(outage);
    const api = await start({ blobs });
    const answer = await api.run("POST", IDENTITY, [["input_images", await photo("audrey.jpg")]]);
    expect(answer.status).toBe("Succeeded");
    await eventually(() => api.log.join("")).toContain("the sweep will");
    expect(api.log.join("")).not.toContain("its lease will run out");
  });

  it("cannot be sent meanwhile: 503, when to try again, and not a word about where the store is", async () => {
    const outage = { on: false, uploads: true };
    const api = await start({ blobs: await opened(outage) });
    const enrol = async () =>
      api.call("POST", IDENTITY, { body: form([["input_images", await photo("audrey.jpg")]]) });
    const { status, body, headers } = await enrol();
    expect([status, headers.get("retry-after")]).toEqual([503, "2"]);
    expect(body).toMatchObject({ statusCode: 503, error: "Service Unavailable" });
    expect(body.message).not.toContain("bucket-of-ours");
    outage.uploads = false;
    expect((await enrol()).status).toBe(200);
  });
});
