import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { routes } from "./url-table.ts";
import { backends } from "./backends.ts";
import { atEnd, eventually, form, photo, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

describe.for(backends)("accounts on $name", async ({ open, skipped }) => {
  if (skipped) {
    it.skip(skipped, () => {});
    return;
  }
  const api = await start(await open(atEnd));
  await api.service.accounts.settings(api.clientId, { keepCrops: true });
  const face = await photo("franck_01829.jpg");
  const started = await api.call("POST", "/v1/identities", {
    body: form([
      ["input_images", face],
      ["external_id", "mine"],
      ["metadata", '{"name":"Mine"}'],
    ]),
  });
  const enrolJob = started.body.job_id as string;
  const identity = (await api.done(IDENTITY, enrolJob)).identity_id as string;
  const faceId = (await api.call("GET", `/v1/identities/${identity}`)).body.faces[0].face_id as string;
  const searchJob = (await api.call("POST", `${IDENTITY}/search`, { body: form([["input_image", face]]) }))
    .body.job_id as string;
  await api.done(`${IDENTITY}/search`, searchJob);
  const recognizeJob = (
    await api.call("POST", `${IDENTITY}/recognize`, {
      body: form([
        ["input_image", face],
        ["identity_id", identity],
      ]),
    })
  ).body.job_id as string;
  await api.done(`${IDENTITY}/recognize`, recognizeJob);
  const upload = (await api.call("POST", "/v1/uploads", { body: form([["input_image", face]]) })).body
    .upload_id as string;
  const collection = (await api.call("POST", "/v1/collections", { json: { name: "ours" } })).body
    .collection_id as string;
  const cursorOf = async (list: string) =>
    (await api.call("GET", `${list}?limit=1`)).body.next_cursor as string | undefined;
  const jobsCursor = await cursorOf("/v1/jobs");
  // A second identity, so that their list has a second page too.
  await api.run("POST", IDENTITY, [["input_images", await photo("audrey.jpg")]]);
  const identitiesCursor = await cursorOf("/v1/identities");
  const before = (await api.call("GET", `/v1/identities/${identity}`)).body;
  const other = await api.otherAccount();

  const unknown = { status: 200, body: { status: "Unknown Job" } };
  const image = (fields: [string, string][] = []) => form([...fields, ["input_image", face]]);
  /** What another account gets from each route when it names our ids: what it gets for ids that don't exist. */
  const attempts: Record<
    string,
    [
      path: string,
      options: () => Parameters<typeof api.call>[2],
      expected: { status: number; body?: unknown },
    ][]
  > = {
    "PUT /innovation-service/identity": [
      [IDENTITY, () => ({ body: image([["identity_id", identity]]) }), { status: 404 }],
    ],
    "GET /innovation-service/identity": [[`${IDENTITY}?job_id=${enrolJob}`, () => ({}), unknown]],
    "DELETE /innovation-service/identity": [
      [`${IDENTITY}?identity_id=${identity}`, () => ({}), { status: 404 }],
    ],
    "GET /innovation-service/identity/search": [
      [`${IDENTITY}/search?job_id=${searchJob}`, () => ({}), unknown],
    ],
    "POST /innovation-service/identity/recognize": [
      [`${IDENTITY}/recognize`, () => ({ body: image([["identity_id", identity]]) }), { status: 404 }],
    ],
    "GET /innovation-service/identity/recognize": [
      [`${IDENTITY}/recognize?job_id=${recognizeJob}`, () => ({}), unknown],
    ],
    "POST /innovation-service/identity/recognition": [
      [`${IDENTITY}/recognition`, () => ({ body: image([["identity_id", identity]]) }), { status: 404 }],
    ],
    "GET /innovation-service/identity/recognition": [
      [`${IDENTITY}/recognition?job_id=${recognizeJob}`, () => ({}), unknown],
    ],
    "POST /innovation-service/identity": [
      [IDENTITY, () => ({ body: form([["input_images", upload]]) }), { status: 404 }],
    ],
    "POST /innovation-service/identity/search": [
      [`${IDENTITY}/search`, () => ({ body: form([["input_image", upload]]) }), { status: 404 }],
    ],
    ...Object.fromEntries(
      ["detect", "identify", "search"].map((kind) => [
        `POST /v1/${kind}`,
        [[`/v1/${kind}`, () => ({ body: form([["input_image", upload]]) }), { status: 404 }]],
      ]),
    ),
    "POST /v1/recognize": [
      ["/v1/recognize", () => ({ body: image([["identity_id", identity]]) }), { status: 404 }],
      ["/v1/recognize", () => ({ body: image([["collection", collection]]) }), { status: 404 }],
    ],
    "POST /v1/faces": [["/v1/faces", () => ({ body: image([["identity_id", identity]]) }), { status: 404 }]],
    "DELETE /v1/identities": [
      ["/v1/identities", () => ({ json: { identity_id: identity } }), { status: 404 }],
    ],
    "GET /v1/collections": [
      [
        "/v1/collections",
        () => ({}),
        { status: 200, body: { collections: [expect.objectContaining({ name: "default", identities: 0 })] } },
      ],
    ],
    "GET /v1/collections/:id": [[`/v1/collections/${collection}`, () => ({}), { status: 404 }]],
    "GET /v1/collections/:id/calibration": [
      [`/v1/collections/${collection}/calibration`, () => ({}), { status: 404 }],
    ],
    "PATCH /v1/collections/:id": [
      [`/v1/collections/${collection}`, () => ({ json: { name: "stolen" } }), { status: 404 }],
    ],
    "DELETE /v1/collections/:id": [[`/v1/collections/${collection}`, () => ({}), { status: 404 }]],
    "POST /v1/compare": [
      [
        "/v1/compare",
        () => ({
          body: form([
            ["input_images", face],
            ["input_images", upload],
          ]),
        }),
        { status: 404 },
      ],
    ],
    "POST /v1/identities": [
      ["/v1/identities", () => ({ body: form([["input_images", upload]]) }), { status: 404 }],
    ],
    "GET /v1/identities": [
      ["/v1/identities", () => ({}), { status: 200, body: { identities: [] } }],
      [`/v1/identities?ids=${identity}`, () => ({}), { status: 200, body: { identities: [] } }],
      [`/v1/identities?collection=${collection}`, () => ({}), { status: 404 }],
      ["/v1/identities?external_id=mine", () => ({}), { status: 200, body: { identities: [] } }],
      ["/v1/identities?metadata[name]=Mine", () => ({}), { status: 200, body: { identities: [] } }],
      ["/v1/identities?text=mine", () => ({}), { status: 200, body: { identities: [] } }],
      [`/v1/identities?cursor=${identitiesCursor}`, () => ({}), { status: 200, body: { identities: [] } }],
    ],
    "GET /v1/identities/:id": [[`/v1/identities/${identity}`, () => ({}), { status: 404 }]],
    "PATCH /v1/identities/:id": [
      [`/v1/identities/${identity}`, () => ({ json: { external_id: "stolen" } }), { status: 404 }],
    ],
    "GET /v1/jobs": [
      ["/v1/jobs", () => ({}), { status: 200, body: { jobs: [] } }],
      [`/v1/jobs?ids=${enrolJob},${searchJob}`, () => ({}), { status: 200, body: { jobs: [] } }],
      ["/v1/jobs?dead=true", () => ({}), { status: 200, body: { jobs: [] } }],
      [`/v1/jobs?cursor=${jobsCursor}`, () => ({}), { status: 200, body: { jobs: [] } }],
    ],
    "GET /v1/jobs/:id": [enrolJob, searchJob, recognizeJob].map((id) => [
      `/v1/jobs/${id}`,
      () => ({}),
      { status: 404 },
    ]),
    "DELETE /v1/jobs/:id": [enrolJob, searchJob].map((id) => [`/v1/jobs/${id}`, () => ({}), { status: 404 }]),
    "DELETE /v1/uploads/:id": [[`/v1/uploads/${upload}`, () => ({}), { status: 404 }]],
    "POST /v1/jobs/:id/retry": [[`/v1/jobs/${enrolJob}/retry`, () => ({}), { status: 404 }]],
    "GET /v1/faces/:id": [[`/v1/faces/${faceId}`, () => ({}), { status: 404 }]],
    "DELETE /v1/faces/:id": [[`/v1/faces/${faceId}`, () => ({}), { status: 404 }]],
    "GET /v1/faces/:id/crop": [[`/v1/faces/${faceId}/crop`, () => ({}), { status: 404 }]],
    "GET /v1/account": [
      [
        "/v1/account",
        () => ({}),
        {
          status: 200,
          body: {
            client_id: other.clientId,
            name: "other",
            identities: 0,
            faces: 0,
            quotas: {
              unfinished_jobs: { used: 0, limit: 10_000 },
              pending_bytes: { used: 0, limit: 20_000_000_000 },
              uploads_at_once: { limit: 100 },
            },
          },
        },
      ],
    ],
  };
  /** Routes that name nothing of an account's by id; of the events another test. */
  const nameless = ["GET /v1/server", "POST /v1/uploads", "POST /v1/collections", "GET /v1/events"];

  it("are kept apart on every route that names an id", async () => {
    expect([jobsCursor, identitiesCursor]).toEqual([expect.any(String), expect.any(String)]);
    const guarded = routes
      .filter(([, , access]) => access !== "open")
      .map(([method, path]) => `${method} ${path}`);
    expect(new Set([...Object.keys(attempts), ...nameless])).toEqual(new Set(guarded));
    for (const [route, tries] of Object.entries(attempts)) {
      for (const [path, options, expected] of tries) {
        const method = route.split(" ")[0]!;
        const answer = await api.call(method, path, { ...options(), token: other.token });
        expect(answer, `${method} ${path}`).toMatchObject(expected);
        if (expected.body) expect(answer.body, `${method} ${path}`).toEqual(expected.body);
      }
    }
    expect((await api.call("GET", `/v1/identities/${identity}`)).body).toEqual(before);
    const ours = await api.call("POST", `${IDENTITY}/search`, { body: form([["input_image", upload]]) });
    expect(ours.status).toBe(200);
  });

  it("don't find each other's faces", async () => {
    const answer = await api.run("POST", `${IDENTITY}/search`, [["input_image", face]], other.token);
    expect(answer).toEqual({ status: "Succeeded", results: [] });
  });

  it("are told nothing of each other's jobs, by neither stream, with neither cursor", async () => {
    const abort = new AbortController();
    const told: Record<string, string> = {};
    const follow = async (name: string, query: string) => {
      told[name] = "";
      const response = await fetch(`${api.base}/v1/events${query}`, {
        headers: { accept: "text/event-stream", authorization: `Bearer ${other.token}` },
        signal: abort.signal,
      });
      expect(response.status).toBe(200);
      void (async () => {
        for await (const text of response.body!.pipeThrough(new TextDecoderStream())) told[name] += text;
      })().catch(() => {});
    };
    const connect = async (name: string, query: string) => {
      told[name] = "";
      const socket = new WebSocket(`${api.base.replace("http", "ws")}/v1/events${query}`, {
        headers: { authorization: `Bearer ${other.token}` },
      });
      socket.on("message", (data) => (told[name] += String(data)));
      await new Promise((resolve) => void socket.once("open", resolve));
      abort.signal.addEventListener("abort", () => socket.close());
    };
    // The first of our cursors: our later changes come after it.
    await Promise.all([
      follow("stream", ""),
      follow("resumed stream", "?cursor=1"),
      connect("socket", ""),
      connect("resumed socket", "?cursor=1"),
    ]);
    const ours = (await api.call("POST", `${IDENTITY}/search`, { body: form([["input_image", face]]) })).body
      .job_id as string;
    await api.done(`${IDENTITY}/search`, ours);
    const theirs = (
      await api.call("POST", `${IDENTITY}/search`, {
        token: other.token,
        body: form([["input_image", face]]),
      })
    ).body.job_id as string;
    for (const name of Object.keys(told))
      await eventually(() => told[name], { message: name }).toMatch(new RegExp(`${theirs}.*Succeeded`));
    abort.abort();
    for (const [name, text] of Object.entries(told))
      for (const id of [ours, enrolJob, searchJob, recognizeJob, identity])
        expect(text, name).not.toContain(id);
  });

  it("don't find each other when they search at the same time", async () => {
    const searches = Array.from({ length: 8 }, (_, index) => (index % 2 ? other.token : api.token));
    const answers = await Promise.all(
      searches.map((token) => api.run("POST", `${IDENTITY}/search`, [["input_image", face]], token)),
    );
    for (const [index, { results }] of answers.entries())
      expect(results.map((result: { identity_id: string }) => result.identity_id)).toEqual(
        index % 2 ? [] : [identity],
      );
  });

  it("may use the same external id", async () => {
    const { status, body } = await api.call("POST", "/v1/identities", {
      token: other.token,
      body: form([
        ["input_images", face],
        ["external_id", "mine"],
      ]),
    });
    expect(status).toBe(200);
    expect((await api.done(IDENTITY, body.job_id, other.token)).status).toBe("Succeeded");
  });
});
