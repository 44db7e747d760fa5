import { beforeAll, describe, expect, it } from "vitest";
import { FakeClock } from "../../service/test/fixture.ts";
import { type Fixture, photo, realEngine, start } from "./fixture.ts";

let gateway: Fixture;
let franck: { identityId: string; jobId: string };

beforeAll(async () => {
  gateway = await start();
  franck = await gateway.enrol(["franck_01829.jpg", "franck_02045.jpg"], {
    externalId: "emp-1",
    metadata: { name: "Franck", team: "red" },
  });
});

const enrolment =
  "... on EnrolmentJob { id jobId kind status } ... on Error { __typename code message path }";

describe("Query", () => {
  it("answers the server with its models, thresholds and calibration", async () => {
    const { data } = await gateway.query(
      "{ server { name version models { name role licence sha256 } thresholds { recognized listed } calibration { score cosine fmr } capabilities limits { uploadBytes imagePixels imagesPerJob } } }",
    );
    expect(data.server).toMatchObject({
      name: "prosopon",
      version: "0.0.0-test",
      thresholds: { recognized: 0.95, listed: 0.85 },
      limits: { imagesPerJob: 5 },
    });
    expect(data.server.models.map(({ role }: { role: string }) => role)).toContain("EMBEDDING");
    expect(data.server.calibration.length).toBeGreaterThan(1);
  });

  it("answers the viewer as the server knows the account", async () => {
    const { data } = await gateway.query(
      "{ viewer { clientId name identityCount faceCount tokenExpiresAt } }",
    );
    expect(data.viewer).toMatchObject({
      clientId: gateway.clientId,
      name: "test",
      identityCount: 1,
      faceCount: 2,
    });
    expect(Date.parse(data.viewer.tokenExpiresAt)).toBeGreaterThan(Date.now());
  });

  it("answers an identity with its faces, quality and crops", async () => {
    const { data } = await gateway.query(
      "query ($id: ID!) { identity(id: $id) { id identityId externalId name metadata createdAt faces { id faceId confidence hasCrop cropDataUrl box { width } quality { score reasons pose { yaw } } identity { identityId } } } }",
      { id: franck.identityId },
    );
    expect(data.identity).toMatchObject({
      identityId: franck.identityId,
      externalId: "emp-1",
      name: "Franck",
      metadata: { name: "Franck", team: "red" },
    });
    expect(data.identity.faces).toHaveLength(2);
    expect(data.identity.faces[0].cropDataUrl).toMatch(/^data:image\/jpeg;base64,\/9j\//);
    expect(data.identity.faces[0].identity.identityId).toBe(franck.identityId);
  });

  it("finds identities by external id, metadata and text, and only then", async () => {
    const found = async (filter: object): Promise<number> =>
      (
        await gateway.query(
          "query ($filter: IdentityFilter) { identities(filter: $filter) { edges { node { identityId } } } }",
          { filter },
        )
      ).data.identities.edges.length;
    expect(await found({ externalId: "emp-1" })).toBe(1);
    expect(await found({ externalId: "emp-2" })).toBe(0);
    expect(await found({ metadata: [{ key: "team", value: "red" }] })).toBe(1);
    expect(await found({ metadata: [{ key: "team", value: "blue" }] })).toBe(0);
    expect(await found({ text: "ranc" })).toBe(1);
  });

  it("gives a node by its global id, whatever its type", async () => {
    const { data } = await gateway.query(
      "query ($id: ID!, $job: ID!) { identity(id: $id) { id faces { id } } job(id: $job) { id } }",
      { id: franck.identityId, job: franck.jobId },
    );
    const ids = [data.identity.id, data.identity.faces[0].id, data.job.id];
    const nodes = await gateway.query("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", { ids });
    expect(nodes.data.nodes).toEqual([
      { __typename: "Identity", id: ids[0] },
      { __typename: "Face", id: ids[1] },
      { __typename: "EnrolmentJob", id: ids[2] },
    ]);
  });

  it("answers null for what the account does not have", async () => {
    const { data, errors } = await gateway.query(
      '{ identity(id: "nobody") { id } job(id: "nothing") { id } }',
    );
    expect(data).toEqual({ identity: null, job: null });
    expect(errors).toBeUndefined();
  });

  it("lists jobs by kind and status, with what each one saw", async () => {
    const { data } = await gateway.query(
      "{ jobs(first: 10, filter: { kind: ENROL, status: SUCCEEDED }) { edges { node { __typename jobId kind attempts createdAt finishedAt images { width height faces { used box { x } landmarks { nose { x } } quality { score } } } } } } }",
    );
    const [job] = data.jobs.edges.map(({ node }: { node: object }) => node);
    expect(job).toMatchObject({
      __typename: "EnrolmentJob",
      jobId: franck.jobId,
      kind: "ENROL",
      attempts: 1,
    });
    expect(job.images).toHaveLength(2);
    expect(job.images[0].faces.some(({ used }: { used: boolean }) => used)).toBe(true);
    const none = await gateway.query("{ jobs(filter: { status: FAILED }) { edges { cursor } } }");
    expect(none.data.jobs.edges).toEqual([]);
  });

  it("pages without a gap or a double, from any edge", async () => {
    const extra = await Promise.all(
      [1, 2, 3].map((n) => gateway.enrol(["franck_01829.jpg"], { externalId: `page-${n}` })),
    );
    const all: string[] = (
      await gateway.query("{ identities { edges { node { identityId } } } }")
    ).data.identities.edges.map((edge: { node: { identityId: string } }) => edge.node.identityId);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { data } = await gateway.query(
        "query ($after: String) { identities(first: 3, after: $after) { edges { cursor node { identityId } } pageInfo { hasNextPage endCursor } } }",
        { after },
      );
      // Goes on from the middle of the page, as a client may.
      const edges = data.identities.edges.slice(0, 2);
      seen.push(...edges.map((edge: { node: { identityId: string } }) => edge.node.identityId));
      after =
        edges.length === data.identities.edges.length && !data.identities.pageInfo.hasNextPage
          ? null
          : edges.at(-1).cursor;
    } while (after);
    expect(seen).toEqual(all);
    await gateway.query(
      "mutation ($input: DeleteIdentitiesInput!) { deleteIdentities(input: $input) { __typename } }",
      { input: { identityIds: extra.map(({ identityId }) => identityId) } },
    );
  });
});

describe("Mutation", () => {
  it("adds images to an identity", async () => {
    const { data } = await gateway.upload(
      `mutation ($input: AddIdentityImagesInput!) { addIdentityImages(input: $input) { ${enrolment} } }`,
      { input: { identityId: franck.identityId, images: [null] } },
      { "input.images.0": await photo("franck_02221.jpg") },
    );
    expect(data.addIdentityImages).toMatchObject({ kind: "ADD_IMAGES", status: "SENT" });
    const job = await gateway.jobDone(
      data.addIdentityImages.id,
      "... on EnrolmentJob { identityId faces { faceId } warnings { guard message } identity { faces { faceId } } }",
    );
    expect(job).toMatchObject({ status: "SUCCEEDED", identityId: franck.identityId });
    expect(job.faces).toHaveLength(1);
    expect(job.identity.faces).toHaveLength(3);
  });

  it("searches, and says score, margin, face and whether it is listed", async () => {
    const { data } = await gateway.upload(
      "mutation ($input: SearchIdentitiesInput!) { searchIdentities(input: $input) { ... on SearchJob { id } ... on Error { code message } } }",
      { input: { image: null } },
      { "input.image": await photo("franck_02221.jpg") },
    );
    const job = await gateway.jobDone(
      data.searchIdentities.id,
      "... on SearchJob { matches { identityId score cosine margin listed recognized face { faceId } identity { name } } all: matches(all: true) { score } }",
    );
    expect(job.matches[0]).toMatchObject({
      identityId: franck.identityId,
      listed: true,
      recognized: true,
      identity: { name: "Franck" },
    });
    expect(job.matches[0].face.faceId).toBeTruthy();
    expect(job.all.length).toBeGreaterThanOrEqual(job.matches.length);
  });

  it("recognises by a photo sent once to the REST API", async () => {
    const sent = await gateway.service.fetch(
      new Request("http://in-process/v1/uploads", {
        method: "POST",
        headers: { authorization: `Bearer ${gateway.token}`, "content-type": "image/jpeg" },
        body: await photo("franck_02683.jpg"),
      }),
    );
    const { upload_id: uploadId } = (await sent.json()) as { upload_id: string };
    const { data } = await gateway.query(
      "mutation ($input: RecognizeIdentityInput!) { recognizeIdentity(input: $input) { ... on RecognitionJob { id } ... on Error { code message } } }",
      { input: { identityId: franck.identityId, uploadId } },
    );
    const job = await gateway.jobDone(
      data.recognizeIdentity.id,
      "... on RecognitionJob { identity { name } match { identityId score cosine recognized face { faceId } } }",
    );
    expect(job.match).toMatchObject({ identityId: franck.identityId, recognized: true });
    expect(job.identity.name).toBe("Franck");
  });

  it("changes the external id and metadata, and refuses an id that is taken", async () => {
    const other = await gateway.enrol(["franck_01829.jpg"], { externalId: "taken" });
    const update =
      "mutation ($input: UpdateIdentityInput!) { updateIdentity(input: $input) { ... on Identity { externalId metadata } ... on Error { __typename code message path } } }";
    const changed = await gateway.query(update, {
      input: { identityId: other.identityId, externalId: null, metadata: { shoe: 43 } },
    });
    expect(changed.data.updateIdentity).toEqual({ externalId: null, metadata: { shoe: 43 } });
    const refused = await gateway.query(update, {
      input: { identityId: other.identityId, externalId: "emp-1" },
    });
    expect(refused.data.updateIdentity).toMatchObject({
      __typename: "ConflictError",
      code: "CONFLICT",
      path: ["input", "externalId"],
    });
  });

  it("names the place of what the server alone finds malformed", async () => {
    const error = "{ ... on Error { __typename path } }";
    const { identityId } = await gateway.enrol(["franck_01829.jpg"], { metadata: { a: "a".repeat(9_000) } });
    const more = { identityId, metadata: { b: "b".repeat(9_000) } };
    for (const [mutation, type, input, path] of [
      ["createCollection", "CreateCollectionInput", { name: "a/b" }, ["input", "name"]],
      ["updateCollection", "UpdateCollectionInput", { collection: "default", name: "" }, ["input", "name"]],
      ["updateIdentity", "UpdateIdentityInput", more, ["input", "metadata"]],
    ] as const) {
      const query = `mutation ($input: ${type}!) { answer: ${mutation}(input: $input) ${error} }`;
      const { data } = await gateway.query(query, { input });
      expect([mutation, data.answer]).toEqual([mutation, { __typename: "InvalidInputError", path }]);
    }
  });

  it("deletes a face, but not the last one", async () => {
    const { identityId } = await gateway.enrol(["franck_01829.jpg", "franck_02045.jpg"]);
    const remove =
      "mutation ($input: DeleteFaceInput!) { deleteFace(input: $input) { ... on DeletedFace { id faceId } ... on Error { __typename code } } }";
    const faces = (
      await gateway.query("query ($id: ID!) { identity(id: $id) { faces { id } } }", { id: identityId })
    ).data.identity.faces;
    const first = await gateway.query(remove, { input: { faceId: faces[0].id } });
    expect(first.data.deleteFace.id).toBe(faces[0].id);
    const last = await gateway.query(remove, { input: { faceId: faces[1].id } });
    expect(last.data.deleteFace).toEqual({ __typename: "ConflictError", code: "CONFLICT" });
  });

  it("deletes all of a list or none", async () => {
    const { identityId } = await gateway.enrol(["franck_01829.jpg"]);
    const remove =
      "mutation ($input: DeleteIdentitiesInput!) { deleteIdentities(input: $input) { ... on DeletedIdentities { identityIds } ... on Error { __typename code path } } }";
    const none = await gateway.query(remove, { input: { identityIds: [identityId, "nobody"] } });
    expect(none.data.deleteIdentities).toEqual({
      __typename: "NotFoundError",
      code: "NOT_FOUND",
      path: ["input", "identityIds"],
    });
    const done = await gateway.query(remove, { input: { identityIds: [identityId] } });
    expect(done.data.deleteIdentities).toEqual({ identityIds: [identityId] });
  });

  it("tells a bad image by type, with its place in the arguments", async () => {
    const { data } = await gateway.upload(
      `mutation ($input: CreateIdentityInput!) { createIdentity(input: $input) { ${enrolment} } }`,
      { input: { images: [null] } },
      { "input.images.0": new Blob(["not an image"]) },
    );
    expect(data.createIdentity).toMatchObject({
      __typename: "BadImageError",
      code: "BAD_IMAGE",
      path: ["input", "images"],
    });
  });

  it("calls an empty id invalid input wherever one is given, by type and before anything is sent upstream", async () => {
    const before = gateway.calls.length;
    const error = "{ ... on Error { __typename path } }";
    for (const [mutation, path] of [
      ['deleteIdentities(input: { identityIds: ["x", ""] })', ["input", "identityIds"]],
      ['updateIdentity(input: { identityId: " ", metadata: {} })', ["input", "identityId"]],
      ['cancelJob(input: { jobId: "" })', ["input", "jobId"]],
      ['retryJob(input: { jobId: "" })', ["input", "jobId"]],
      ['deleteFace(input: { faceId: "" })', ["input", "faceId"]],
      ['recognizeIdentity(input: { identityId: "", uploadId: "u" })', ["input", "identityId"]],
      ['addIdentityImages(input: { identityId: "", uploadIds: ["u"] })', ["input", "identityId"]],
      ['searchIdentities(input: { uploadId: "" })', ["input", "uploadId"]],
      ['createIdentity(input: { uploadIds: ["u", ""] })', ["input", "uploadIds", "1"]],
    ] as const) {
      const { data } = await gateway.query(`mutation { answer: ${mutation} ${error} }`);
      expect([mutation, data.answer]).toEqual([mutation, { __typename: "InvalidInputError", path }]);
    }
    for (const field of ['identity(id: "")', 'job(id: "")']) {
      const { errors } = await gateway.query(`{ ${field} { id } }`);
      expect([field, errors?.[0]?.extensions?.code]).toEqual([field, "INVALID_INPUT"]);
    }
    const { data } = await gateway.query(
      '{ node(id: "SWRlbnRpdHk6") { id } nodes(ids: ["", "SWRlbnRpdHk6"]) { id } }',
    );
    expect(data).toEqual({ node: null, nodes: [null, null] });
    expect(gateway.calls.length).toBe(before);
  });

  it("tells input that cannot be right by type, before anything is sent upstream", async () => {
    const before = gateway.calls.length;
    const create = `mutation ($input: CreateIdentityInput!) { createIdentity(input: $input) { ${enrolment} ... on InvalidInputError { issues { message path } } } }`;
    const none = await gateway.query(create, { input: { images: [] } });
    expect(none.data.createIdentity).toMatchObject({
      __typename: "InvalidInputError",
      code: "INVALID_INPUT",
      message: "Give 1 to 5 images, as files or as ids of uploads.",
    });
    const metadata = await gateway.query(create, { input: { uploadIds: ["u"], metadata: "text" } });
    expect(metadata.data.createIdentity).toMatchObject({
      __typename: "InvalidInputError",
      path: ["input", "metadata"],
    });
    expect(gateway.calls.length).toBe(before);
  });

  it("lets a job whose photo has no face end Failed with a reason", async () => {
    const sharp = (await import("sharp")).default;
    const blank = await sharp({ create: { width: 300, height: 300, channels: 3, background: "#888" } })
      .jpeg()
      .toBuffer();
    const { data } = await gateway.upload(
      `mutation ($input: CreateIdentityInput!) { createIdentity(input: $input) { ${enrolment} } }`,
      { input: { images: [null] } },
      { "input.images.0": new Blob([new Uint8Array(blank)]) },
    );
    const job = await gateway.jobDone(data.createIdentity.id, "... on EnrolmentJob { identity { id } }");
    expect(job).toMatchObject({ status: "FAILED", identity: null });
    expect(job.error).toMatch(/face/i);
  });
});

describe("a job that is cancelled", () => {
  it("fails, under either of its ids, and one that has ended stays as it is", async () => {
    const api = await start();
    await api.service.worker.stop();
    const started = await api.upload(
      `mutation ($input: CreateIdentityInput!) { createIdentity(input: $input) { ${enrolment} } }`,
      { input: { images: [null] } },
      { "input.images.0": await photo("franck_02221.jpg") },
    );
    const { id, jobId } = started.data.createIdentity;
    const cancel = async (job: string) =>
      (
        await api.query(
          "mutation ($input: CancelJobInput!) { cancelJob(input: $input) { ... on CancelledJob { job { jobId status done error } } ... on Error { __typename code path } } }",
          { input: { jobId: job } },
        )
      ).data.cancelJob;
    const ended = {
      job: { jobId, status: "FAILED", done: true, error: expect.stringMatching(/^cancelled/) },
    };
    expect(await cancel(id)).toEqual(ended);
    expect(await cancel(jobId)).toEqual(ended);
    expect(await cancel("no-such")).toEqual({
      __typename: "NotFoundError",
      code: "NOT_FOUND",
      path: ["input", "jobId"],
    });
  });
});

describe("a dead job", () => {
  const retry =
    "mutation ($input: RetryJobInput!) { retryJob(input: $input) { ... on RetriedJob { job { id jobId kind status dead { until } } } ... on Error { __typename code message path } } }";

  it("is listed and retried, once, under either of its ids", async () => {
    let broken = true;
    const clock = new FakeClock();
    const engine = realEngine();
    const api = await start({
      service: {
        clock,
        engine: {
          ...engine,
          analyse: (...args) =>
            broken ? Promise.reject(new Error("out of memory")) : engine.analyse(...args),
        },
      },
    });
    const started = await api.upload(
      `mutation ($input: CreateIdentityInput!) { createIdentity(input: $input) { ${enrolment} } }`,
      { input: { images: [null] } },
      { "input.images.0": await photo("franck_02221.jpg") },
    );
    const { id, jobId } = started.data.createIdentity;
    const dead = async () => {
      await clock.advance(13_000);
      const answer = await api.query(
        "{ jobs(filter: { dead: true }) { edges { node { jobId status dead { until retriedAsJobId } } } } }",
      );
      return answer.data.jobs.edges.map(({ node }: { node: object }) => node);
    };
    const kept = { until: expect.any(String), retriedAsJobId: null };
    await expect.poll(dead).toEqual([{ jobId, status: "FAILED", dead: kept }]);

    broken = false;
    const { job } = (await api.query(retry, { input: { jobId: id } })).data.retryJob;
    expect(job).toMatchObject({ kind: "ENROL", status: "SENT", dead: null });
    expect(await api.jobDone(job.jobId)).toMatchObject({ status: "SUCCEEDED" });
    const again = await api.query(retry, { input: { jobId } });
    expect(again.data.retryJob.job.jobId).toBe(job.jobId);
    expect(await dead()).toEqual([{ jobId, status: "FAILED", dead: { ...kept, retriedAsJobId: job.jobId } }]);
    const refused = await api.query(retry, { input: { jobId: job.id } });
    expect(refused.data.retryJob).toEqual({
      __typename: "ConflictError",
      code: "CONFLICT",
      message: "this job was not abandoned: it is Succeeded",
      path: ["input", "jobId"],
    });
  });
});

describe("signing in and out", () => {
  const refresh =
    "mutation ($input: RefreshTokenInput!) { refreshToken(input: $input) { ... on Session { token refreshToken expiresIn } ... on Error { __typename code } } }";

  it("refuses wrong credentials by type", async () => {
    const answer = await gateway.query(
      'mutation { login(input: { clientId: "x", secretId: "y" }) { ... on Error { __typename code message } } }',
      {},
      null,
    );
    expect(answer.data.login).toMatchObject({ __typename: "UnauthorizedError", code: "UNAUTHORIZED" });
  });

  it("trades a refresh token once", async () => {
    const session = await gateway.login();
    const first = await gateway.query(
      refresh,
      { input: { refreshToken: session.refreshToken } },
      session.token,
    );
    expect(first.data.refreshToken.expiresIn).toBe(3600);
    const again = await gateway.query(
      refresh,
      { input: { refreshToken: session.refreshToken, token: session.token } },
      null,
    );
    expect(again.data.refreshToken).toEqual({ __typename: "UnauthorizedError", code: "UNAUTHORIZED" });
  });

  it("takes no token that no header can hold", async () => {
    const answer = await gateway.query(refresh, { input: { refreshToken: "r", token: "secret\n" } }, null);
    expect(answer.errors).toBeUndefined();
    expect(answer.data.refreshToken).toEqual({ __typename: "UnauthorizedError", code: "UNAUTHORIZED" });
  });

  it("makes both tokens dead on logout", async () => {
    const session = await gateway.login();
    const out = await gateway.query("mutation { logout { ... on SignedOut { done } } }", {}, session.token);
    expect(out.data.logout).toEqual({ done: true });
    const after = await gateway.query("{ viewer { name } }", {}, session.token);
    expect(after.errors?.[0]?.extensions.code).toBe("UNAUTHORIZED");
  });
});

describe("access", () => {
  it("is closed without a token, but for signing in", async () => {
    const fields = [
      "viewer { name }",
      "server { name }",
      'identity(id: "x") { id }',
      "identities { edges { cursor } }",
      "jobs { edges { cursor } }",
      'job(id: "x") { id }',
      'node(id: "SWRlbnRpdHk6eA==") { id }',
    ];
    for (const field of fields) {
      const { errors } = await gateway.query(`{ ${field} }`, {}, null);
      expect(errors?.[0]?.extensions.code, field).toBe("UNAUTHORIZED");
    }
    const mutation = await gateway.query(
      'mutation { deleteIdentities(input: { identityIds: ["x"] }) { ... on Error { code } } }',
      {},
      null,
    );
    expect(mutation.data.deleteIdentities.code).toBe("UNAUTHORIZED");
  });

  it("shows nothing of another account, also through node", async () => {
    const token = await gateway.otherAccount();
    const mine = (
      await gateway.query(
        "query ($id: ID!, $job: ID!) { identity(id: $id) { id faces { id } } job(id: $job) { id } }",
        { id: franck.identityId, job: franck.jobId },
      )
    ).data;
    const ids = [mine.identity.id, mine.identity.faces[0].id, mine.job.id];
    const theirs = await gateway.query("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids }, token);
    expect(theirs.data.nodes).toEqual([null, null, null]);
  });
});

describe("failures of the server behind it", () => {
  it("are masked with a request id that is in the log", async () => {
    const broken = await start({
      upstream: (service) => (request) =>
        request.url.includes("/v1/identities")
          ? Promise.resolve(
              Response.json(
                { statusCode: 500, error: "x", message: "secret detail" },
                { status: 500, headers: { "x-request-id": "req-7" } },
              ),
            )
          : service.fetch(request),
    });
    const { errors, text } = await broken.query("{ identities { edges { cursor } } }");
    expect(errors?.[0]?.extensions).toMatchObject({ code: "INTERNAL_SERVER_ERROR", requestId: "req-7" });
    expect(text).not.toContain("secret detail");
    expect(broken.hidden.map(({ requestId }) => requestId)).toContain("req-7");
  });
});
