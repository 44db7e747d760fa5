import { tmpdir } from "node:os";
import { beforeAll, describe, expect, it } from "vitest";
import { type Fixture, photo, start } from "./fixture.ts";

describe("a server with only the documented routes", () => {
  let gateway: Fixture;
  beforeAll(async () => {
    gateway = await start({
      upstream: (service) => (request) =>
        new URL(request.url).pathname.startsWith("/v1/")
          ? Promise.resolve(
              Response.json(
                { statusCode: 404, error: "Not Found", message: "no such route" },
                { status: 404 },
              ),
            )
          : service.fetch(request),
    });
  });

  const create =
    "mutation ($input: CreateIdentityInput!) { createIdentity(input: $input) { ... on EnrolmentJob { id jobId } ... on Error { __typename code message } } }";
  let identityId: string;

  it("enrols, and follows the job by asking", async () => {
    const { data } = await gateway.upload(
      create,
      { input: { images: [null] } },
      { "input.images.0": await photo("franck_01829.jpg") },
    );
    const job = await gateway.jobDone(
      data.createIdentity.jobId,
      "createdAt ... on EnrolmentJob { identityId }",
    );
    expect(job).toMatchObject({ status: "SUCCEEDED", createdAt: null });
    ({ identityId } = job);
    expect(identityId).toBeTruthy();
  });

  it("searches and recognises with what those routes tell", async () => {
    const found = await gateway.upload(
      "mutation ($input: SearchIdentitiesInput!) { searchIdentities(input: $input) { ... on SearchJob { id } } }",
      { input: { image: null } },
      { "input.image": await photo("franck_02045.jpg") },
    );
    const search = await gateway.jobDone(
      found.data.searchIdentities.id,
      "... on SearchJob { matches { identityId score cosine recognized } }",
    );
    expect(search.matches[0]).toMatchObject({ identityId, recognized: true, cosine: null });
    const started = await gateway.upload(
      "mutation ($input: RecognizeIdentityInput!) { recognizeIdentity(input: $input) { ... on RecognitionJob { id } } }",
      { input: { identityId, image: null } },
      { "input.image": await photo("franck_02045.jpg") },
    );
    const recognition = await gateway.jobDone(
      started.data.recognizeIdentity.id,
      "... on RecognitionJob { match { identityId recognized } }",
    );
    expect(recognition.match).toEqual({ identityId, recognized: true });
  });

  it("answers what it cannot do with UNSUPPORTED_BY_UPSTREAM, by type", async () => {
    for (const field of [
      "server { name }",
      "identities { edges { cursor } }",
      "jobs { edges { cursor } }",
      `identity(id: "${identityId}") { id }`,
    ]) {
      const { errors } = await gateway.query(`{ ${field} }`);
      expect(errors?.[0]?.extensions.code, field).toBe("UNSUPPORTED_BY_UPSTREAM");
    }
    const update = await gateway.query(
      "mutation ($input: UpdateIdentityInput!) { updateIdentity(input: $input) { ... on Error { __typename code } } }",
      { input: { identityId, externalId: "x" } },
    );
    expect(update.data.updateIdentity).toEqual({
      __typename: "UnsupportedByUpstreamError",
      code: "UNSUPPORTED_BY_UPSTREAM",
    });
    const named = await gateway.upload(
      create,
      { input: { images: [null], externalId: "x" } },
      { "input.images.0": await photo("franck_01829.jpg") },
    );
    expect(named.data.createIdentity).toMatchObject({ __typename: "UnsupportedByUpstreamError" });
    const all = await gateway
      .sockets()
      .iterate({ query: "subscription { jobsUpdated { cursor } }" })
      .next()
      .then(
        ({ value }) => value,
        (error: unknown) => error,
      );
    expect(JSON.stringify(all)).toContain("UNSUPPORTED_BY_UPSTREAM");
  });

  it("tells a viewer without an account, and deletes", async () => {
    expect((await gateway.query("{ viewer { clientId tokenExpiresAt } }")).data.viewer.clientId).toBeNull();
    const { data } = await gateway.query(
      "mutation ($input: DeleteIdentitiesInput!) { deleteIdentities(input: $input) { ... on DeletedIdentities { identityIds } } }",
      { input: { identityIds: [identityId] } },
    );
    expect(data.deleteIdentities.identityIds).toEqual([identityId]);
  });
});

describe("calls upstream", () => {
  let gateway: Fixture;
  beforeAll(async () => {
    gateway = await start();
    await Promise.all([1, 2, 3, 4, 5, 6].map(() => gateway.enrol(["franck_01829.jpg"])));
  });

  const counted = async (query: string): Promise<string[]> => {
    gateway.calls.length = 0;
    const { errors } = await gateway.query(query);
    expect(errors).toBeUndefined();
    return [...gateway.calls];
  };

  it("are one for identities with their faces, however many", async () => {
    const query = (first: number): string =>
      `{ identities(first: ${first}) { edges { node { id name faces { id quality { score reasons } identity { externalId } } } } } }`;
    await counted(query(1));
    const [few, many] = [await counted(query(2)), await counted(query(50))];
    expect(few).toEqual(["GET /v1/identities", "GET /v1/identities"]);
    expect(many).toEqual(few);
    expect(await counted("{ identities(first: 50) { edges { node { faces { id } } } } }")).toEqual([
      "GET /v1/identities",
    ]);
  });

  it("are one for identities by id, and one for jobs with the people they made", async () => {
    const { data } = await gateway.query("{ identities(first: 5) { edges { node { id } } } }");
    const fields = data.identities.edges.map(
      ({ node }: { node: { id: string } }, index: number) => `i${index}: identity(id: "${node.id}") { name }`,
    );
    expect(await counted(`{ ${fields.join(" ")} }`)).toEqual(["GET /v1/identities"]);
    expect(
      await counted(
        "{ jobs(first: 50) { edges { node { status ... on EnrolmentJob { identity { name faces { id } } } } } } }",
      ),
    ).toEqual(["GET /v1/jobs", "GET /v1/identities"]);
  });
});

describe("a server whose disk is too full", () => {
  it("is told as unavailable, with the reason and when to come back", async () => {
    const places = [{ name: "the data directory", directory: tmpdir() }];
    const gateway = await start({ service: { space: { places, minFreeBytes: Number.MAX_SAFE_INTEGER } } });
    const { errors } = await gateway.upload(
      "mutation ($input: CreateIdentityInput!) { createIdentity(input: $input) { ... on EnrolmentJob { id } } }",
      { input: { images: [null] } },
      { "input.images.0": await photo("franck_01829.jpg") },
    );
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining("must stay free"),
        extensions: { code: "UNAVAILABLE", retryAfter: 10 },
      },
    ]);
  });
});
