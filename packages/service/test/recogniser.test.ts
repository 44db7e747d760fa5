import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { cosineOf } from "../src/matching/cosine.ts";
import { openSqliteStorage } from "../src/storage/sqlite/open.ts";
import { atEnd, form, photo, start } from "./fixture.ts";
import { embedding, enrol, face, newAccount } from "./storage/samples.ts";

describe("data whose faces another recogniser made", () => {
  it("is not worked on: the server says which, how many, and what to do, and claims no job", async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "prosopon-recogniser-"));
    atEnd(() => rm(directory, { recursive: true }));
    const storage = await openSqliteStorage({ directory });
    atEnd(() => storage.close());
    await enrol(storage, await newAccount(storage), [face(1), face(2)]);

    const api = await start({ storage });
    await expect(api.service.ready()).rejects.toThrow("2 faces by samples.1");
    const ready = await api.call("GET", "/readyz", { token: null });
    expect([ready.status, ready.body.message]).toEqual([
      503,
      expect.stringContaining("2 faces by samples.1"),
    ]);
    expect(ready.body.message).toContain("sface-2021dec.mesh468.1");
    expect(api.log.join("")).toContain("enrol the people again in an empty place");
    const { body } = await api.call("POST", "/v1/detect", {
      body: form([["input_image", await photo("audrey.jpg")]]),
    });
    const job = await api.call("GET", `/v1/jobs/${body.job_id}?wait=1`);
    expect(job.body).toMatchObject({ status: "Sent", attempts: 0 });
  });
});

describe("embeddings by two recognisers", () => {
  it("cannot be compared, by type and at run time", () => {
    const other = embedding(1, { id: "other.1", dimension: 128 });
    expect(() => cosineOf(embedding(1), other)).toThrow("samples.1 and other.1 cannot be compared");
    expect(cosineOf(other, other)).toBeCloseTo(1, 6);
    // @ts-expect-error bare values do not say what made them
    expect(() => cosineOf(other.values, embedding(1))).toThrow("cannot be compared");
  });
});
