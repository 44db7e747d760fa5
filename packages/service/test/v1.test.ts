import { Face, Identity, IdentityList, Job, JobList, ServerInfo } from "@prosopon/core/contract";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { form, photo, start, type Fields } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

describe("/v1/identities", async () => {
  const api = await start();
  const face = await photo("audrey.jpg");
  const enrol = async (fields: Fields) => {
    const started = await api.call("POST", "/v1/identities", {
      body: form([["input_images", face], ...fields]),
    });
    expect(started.status).toBe(200);
    return (await api.done(IDENTITY, started.body.job_id)).identity_id as string;
  };
  const ids = (body: v.InferOutput<typeof IdentityList>) =>
    v.parse(IdentityList, body).identities.map(({ identity_id }) => identity_id);
  const audrey = await enrol([
    ["external_id", "actor-1"],
    ["metadata", '{"name":"Audrey Hepburn","born":1929}'],
  ]);
  const second = await enrol([
    ["external_id", "actor-2"],
    ["metadata", '{"name":"Someone","born":1929}'],
  ]);
  const third = await enrol([]);

  it("reads one, with its faces, their quality and times", async () => {
    const { status, body } = await api.call("GET", `/v1/identities/${audrey}`);
    expect(status).toBe(200);
    const identity = v.parse(v.strictObject({ ...Identity.entries, external_id: v.string() }), body);
    expect(identity).toMatchObject({
      external_id: "actor-1",
      metadata: { name: "Audrey Hepburn", born: 1929 },
    });
    expect(identity.faces).toHaveLength(1);
    expect(identity.faces[0]!.quality.score).toBeGreaterThan(0);
    expect(JSON.stringify(body)).not.toContain("embedding");
    const face = await api.call("GET", `/v1/faces/${identity.faces[0]!.face_id}`);
    expect(v.parse(Face, face.body).identity_id).toBe(audrey);
  });

  it("lists page by page, each once", async () => {
    const seen: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 5; pages++) {
      const { body } = await api.call(
        "GET",
        `/v1/identities?limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      seen.push(...ids(body));
      if (!body.next_cursor) break;
      cursor = body.next_cursor;
    }
    expect(new Set(seen)).toEqual(new Set([audrey, second, third]));
    expect(seen).toHaveLength(3);
    for (const query of ["limit=0", "limit=x", "cursor=garbage!"])
      expect((await api.call("GET", `/v1/identities?${query}`)).status, query).toBe(400);
  });

  it.each([
    ["external_id=actor-2", () => [second]],
    ["metadata[name]=Audrey%20Hepburn", () => [audrey]],
    ["metadata%5Bborn%5D=1929&metadata[name]=Someone", () => [second]],
    ["text=HEPB", () => [audrey]],
    ["text=actor-2", () => [second]],
    ["text=100%25", () => []],
  ])("finds by %s", async (query, expected) => {
    expect(ids((await api.call("GET", `/v1/identities?${query}`)).body)).toEqual(expected());
  });

  it("reads many at once, in the order asked for, leaving out unknown ones", async () => {
    for (const query of [
      `ids=${third},nobody,${audrey}`,
      `ids=${third}&ids=${audrey}`,
      `ids[]=${third}&ids[]=${audrey}`,
    ]) {
      expect(ids((await api.call("GET", `/v1/identities?${query}`)).body)).toEqual([third, audrey]);
    }
    expect(
      (await api.call("GET", `/v1/identities?ids=${Array.from({ length: 101 }, (_, i) => i).join(",")}`))
        .status,
    ).toBe(400);
  });

  it("patches: what is absent stays, a null goes", async () => {
    const patch = (json: unknown, id = second) => api.call("PATCH", `/v1/identities/${id}`, { json });
    expect((await patch({ metadata: { name: null, city: "Rome" } })).body.metadata).toEqual({
      born: 1929,
      city: "Rome",
    });
    expect((await patch({ external_id: null })).body.external_id).toBeUndefined();
    expect((await patch({ external_id: "actor-1" })).status).toBe(409);
    expect((await patch({ external_id: "" })).status).toBe(400);
    expect((await patch({ metadata: [] })).status).toBe(400);
    expect((await patch({ metadata: { big: "x".repeat(17_000) } })).status).toBe(400);
    expect((await patch({}, "nobody")).status).toBe(404);
    expect((await patch({ external_id: "actor-3" })).body.external_id).toBe("actor-3");
  });

  it("refuses an external id that is taken, and metadata that is no object", async () => {
    const post = (fields: Fields) =>
      api.call("POST", "/v1/identities", { body: form([["input_images", face], ...fields]) });
    expect((await post([["external_id", "actor-1"]])).status).toBe(409);
    expect((await post([["external_id", "x".repeat(300)]])).status).toBe(400);
    for (const metadata of ["[]", "7", "{", `{"a":${"[".repeat(40)}${"]".repeat(40)}}`])
      expect((await post([["metadata", metadata]])).status, metadata).toBe(400);
  });

  it("deletes one face, but not the last", async () => {
    const answer = await api.run("PUT", IDENTITY, [
      ["identity_id", third],
      ["input_images", await photo("franck_01829.jpg")],
    ]);
    expect(answer.status).toBe("Succeeded");
    const [first, other] = (await api.call("GET", `/v1/identities/${third}`)).body.faces;
    expect((await api.call("DELETE", `/v1/faces/${other.face_id}`)).status).toBe(204);
    expect((await api.call("DELETE", `/v1/faces/${other.face_id}`)).status).toBe(404);
    expect((await api.call("DELETE", `/v1/faces/${first.face_id}`)).status).toBe(409);
    expect((await api.call("GET", `/v1/identities/${third}`)).body.faces).toHaveLength(1);
  });
});

describe("/v1/jobs", async () => {
  const api = await start();
  const face = await photo("franck_01829.jpg");
  const run = async (route: string, fields: Fields) => {
    const { body } = await api.call("POST", route, { body: form(fields) });
    await api.done(route, body.job_id);
    return body.job_id as string;
  };
  const enrolled = await run(IDENTITY, [["input_images", face]]);
  const identity = (await api.call("GET", `/v1/jobs/${enrolled}`)).body.identity_id as string;
  await run(IDENTITY, [["input_images", await photo("audrey.jpg")]]);
  const searched = await run(`${IDENTITY}/search`, [
    ["input_image", await photo("franck_04000.jpg")],
    ["max_result", "1"],
  ]);
  const recognized = await run(`${IDENTITY}/recognize`, [
    ["input_image", face],
    ["identity_id", identity],
  ]);

  it("tells all kinds in one shape, with what was seen in each photo", async () => {
    for (const [id, kind] of [
      [enrolled, "enrol"],
      [searched, "search"],
      [recognized, "recognize"],
    ]) {
      const { body } = await api.call("GET", `/v1/jobs/${id}`);
      const job = v.parse(Job, body);
      expect(job).toMatchObject({ job_id: id, kind, status: "Succeeded", attempts: 1 });
      expect(job.result?.images?.[0]?.faces.some(({ used }) => used)).toBe(true);
      expect(JSON.stringify(body)).not.toContain("embedding");
    }
  });

  it("keeps the margin to the runner-up, even when one result was asked for, and raw cosines", async () => {
    const { body } = await api.call("GET", `/v1/jobs/${searched}`);
    expect(body.result.candidates).toHaveLength(1);
    const [best] = body.result.candidates;
    expect(best.identity_id).toBe(identity);
    expect(best.margin).toBeGreaterThan(0.5);
    expect(best.cosine).toBeGreaterThan(0.5);
  });

  it("lists by kind and status, page by page, and by ids", async () => {
    const list = async (query: string) => v.parse(JobList, (await api.call("GET", `/v1/jobs?${query}`)).body);
    expect((await list("kind=search")).jobs.map(({ job_id }) => job_id)).toEqual([searched]);
    expect((await list("status=Failed")).jobs).toEqual([]);
    const first = await list("limit=3");
    expect(first.jobs).toHaveLength(3);
    expect((await list(`limit=3&cursor=${encodeURIComponent(first.next_cursor!)}`)).jobs).toHaveLength(1);
    expect((await list(`ids=${recognized},x,${enrolled}`)).jobs.map(({ job_id }) => job_id)).toEqual([
      recognized,
      enrolled,
    ]);
    expect((await api.call("GET", "/v1/jobs?kind=other")).status).toBe(400);
    expect((await api.call("GET", "/v1/jobs/unknown")).status).toBe(404);
  });
});

describe("/v1/server", async () => {
  const api = await start();

  it("tells version, models, lines, calibration and limits", async () => {
    const { body } = await api.call("GET", "/v1/server");
    const info = v.parse(ServerInfo, body);
    expect(info).toMatchObject({
      version: "0.0.0-test",
      thresholds: { recognized: 0.95, listed: 0.85 },
      limits: { upload_bytes: 2_000_000_000, images_per_job: 5 },
    });
    expect(info.models.map(({ role }) => role)).toContain("embedding");
    expect(info.calibration.length).toBeGreaterThan(1);
  });

  it("tells the account what it is and holds", async () => {
    expect((await api.call("GET", "/v1/account")).body).toEqual({
      client_id: api.clientId,
      name: "test",
      identities: 0,
      faces: 0,
      quotas: {
        unfinished_jobs: { used: 0, limit: 10_000 },
        pending_bytes: { used: 0, limit: 20_000_000_000 },
        uploads_at_once: { limit: 100 },
      },
    });
  });
});
