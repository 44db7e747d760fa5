import { beforeAll, describe, expect, it } from "vitest";
import { type Fixture, photo, start } from "./fixture.ts";

/** What may be a secret, or an image in base64. */
const MARK = "S3CRET/9j4AAQ".repeat(8);

let gateway: Fixture;
beforeAll(async () => {
  gateway = await start();
});

describe("what was sent comes back in no error", () => {
  const login = "mutation ($i: LoginInput!) { login(input: $i) { __typename } }";
  const search = "mutation ($i: SearchIdentitiesInput!) { searchIdentities(input: $i) { __typename } }";
  it.each<[string, string, object]>([
    ["a secret that is an object", login, { i: { clientId: "a", secretId: { nested: MARK } } }],
    ["a secret that is a list", login, { i: { clientId: "a", secretId: [MARK, MARK] } }],
    ["a secret under another name", login, { i: { clientId: "a", secretId: "x", [`x${MARK}`]: MARK } }],
    ["an input that is text", login, { i: MARK }],
    ["an image as text", search, { i: { image: MARK.repeat(50) } }],
    ["a number that is text", "query ($f: Int) { jobs(first: $f) { edges { cursor } } }", { f: MARK }],
    [
      "a kind that is none",
      "query ($k: JobFilter) { jobs(filter: $k) { edges { cursor } } }",
      { k: { kind: MARK } },
    ],
    ["a null that must not be", login, { i: { clientId: MARK, secretId: null } }],
    [
      "a literal of the wrong type",
      `mutation { login(input: { clientId: "a", secretId: [${JSON.stringify(MARK)}] }) { __typename } }`,
      {},
    ],
    [
      "a literal that is a name",
      'mutation { login(input: { clientId: "a", secretId: S3CRETS3CRET }) { __typename } }',
      {},
    ],
    ["a literal that is no enum", "{ jobs(filter: { kind: S3CRETS3CRET }) { edges { cursor } } }", {}],
    ["a document that is none", `{ login(secretId: "${MARK}") S3CRETS3CRET "${MARK}" }`, {}],
    ["a string without an end", `{ login(secretId: "${MARK}`, {}],
  ])("%s", async (_, query, variables) => {
    const { errors, text } = await gateway.query(query, variables);
    expect(errors?.length).toBeGreaterThan(0);
    expect(text).not.toContain("S3CRET");
  });

  it("but where it is wrong is told", async () => {
    const { errors } = await gateway.query(login, { i: { clientId: "a", secretId: { nested: MARK } } });
    expect(errors?.[0]?.message).toBe(
      'Variable "$i" has an invalid value at "i.secretId": it is not of type String.',
    );
    const unknown = await gateway.query("{ nothingOfThatName }");
    expect(unknown.errors?.[0]?.message).toContain("nothingOfThatName");
  });
});

describe("the protocol", () => {
  it("answers a hash without a document as clients of persisted queries expect", async () => {
    const response = await fetch(gateway.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${gateway.token}` },
      body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: "ab".repeat(32) } } }),
    });
    expect(await response.json()).toMatchObject({
      errors: [
        { message: "PersistedQueryNotSupported", extensions: { code: "PERSISTED_QUERY_NOT_SUPPORTED" } },
      ],
    });
  });

  it("answers null for nodes of types that there are not, and the others beside them", async () => {
    const { identityId } = await gateway.enrol(["franck_01829.jpg"]);
    const id = Buffer.from(`Identity:${identityId}`).toString("base64");
    const made = Buffer.from("Unicorn:1").toString("base64");
    const { data, errors } = await gateway.query(
      `query ($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { __typename } node(id: $id) { __typename } }`,
      { ids: [made, id, "!!", "Tm9wZTox"], id: made },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ nodes: [null, { __typename: "Identity" }, null, null], node: null });
  });

  it("takes a token in the headers of connectionParams too", async () => {
    const events = gateway.sockets({ headers: { Authorization: `Bearer ${gateway.token}` } });
    const { jobId } = await gateway.enrol(["franck_02159.jpg"]);
    for await (const { data, errors } of events.iterate({
      query: "subscription ($id: ID!) { jobUpdated(id: $id) { status } }",
      variables: { id: jobId },
    })) {
      expect(errors).toBeUndefined();
      expect(data).toBeTruthy();
    }
  });

  it("names an empty file for what it is, with its place", async () => {
    const answer = await gateway.upload(
      "mutation ($i: SearchIdentitiesInput!) { searchIdentities(input: $i) { ... on BadImageError { code path } } }",
      { i: { image: null } },
      { "i.image": new Blob([]) },
    );
    expect(answer.data.searchIdentities).toEqual({ code: "BAD_IMAGE", path: ["input", "image"] });
  });

  it("reads `operations` and `map` also where they come with a file name", async () => {
    const body = new FormData();
    const query = "mutation ($i: SearchIdentitiesInput!) { searchIdentities(input: $i) { __typename } }";
    body.append(
      "operations",
      new Blob([JSON.stringify({ query, variables: { i: { image: null } } })]),
      "o.json",
    );
    body.append("map", new Blob([JSON.stringify({ 0: ["variables.i.image"] })]), "m.json");
    body.append("0", await photo("franck_01829.jpg"), "p.jpg");
    const response = await fetch(gateway.url, {
      method: "POST",
      headers: { authorization: `Bearer ${gateway.token}` },
      body,
    });
    expect(await response.json()).toMatchObject({ data: { searchIdentities: { __typename: "SearchJob" } } });
  });
});

describe("a stream and its session", () => {
  const follow = (token: string) => {
    const events = gateway.sockets({ token }).iterate({ query: "subscription { jobsUpdated { cursor } }" });
    const ended = (async () => {
      for await (const { errors } of events) if (errors) return errors[0]!.extensions?.["code"];
      return "over";
    })().catch((event: { code?: number }) => event.code);
    return { ended };
  };

  it("end together when the session is logged out, and another session's goes on", async () => {
    const [one, other] = [await gateway.login(), await gateway.login()];
    const [first, second] = [follow(one.token), follow(other.token)];
    await gateway.enrol(["franck_01829.jpg"]);
    let otherEnded = false;
    void second.ended.then(() => (otherEnded = true));
    gateway.gateway.sessionEnded(JSON.parse(atob(one.token.split(".")[1]!)).sid as string);
    expect(["UNAUTHORIZED", 4403]).toContain(await first.ended);
    await gateway.enrol(["franck_02159.jpg"]);
    expect(otherEnded).toBe(false);
  });

  it("end together also when nobody tells the gateway", async () => {
    const { token } = await gateway.login();
    const { ended } = follow(token);
    await gateway.enrol(["franck_01829.jpg"]);
    await gateway.query("mutation { logout { __typename } }", {}, token);
    expect(["UNAUTHORIZED", 4403]).toContain(await ended);
  });

  it("is not opened by a token that was logged out, however lately it was good", async () => {
    const { token } = await gateway.login();
    expect((await gateway.query("{ viewer { name } }", {}, token)).errors).toBeUndefined();
    const { jobId } = await gateway.enrol(["franck_01829.jpg"]);
    await gateway.query("mutation { logout { __typename } }", {}, token);
    const response = await fetch(gateway.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        authorization: `Bearer ${token}`,
      },
      body: JSON.stringify({ query: `subscription { jobUpdated(id: "${jobId}") { status } }` }),
    });
    const told = await response.text();
    expect(told).toContain("UNAUTHORIZED");
    expect(told).not.toContain("SUCCEEDED");
  });
});
