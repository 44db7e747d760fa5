import { encodeGlobalID } from "@pothos/plugin-relay";
import { beforeAll, describe, expect, it } from "vitest";
import { backends } from "../../service/test/backends.ts";
import { type Answer, atEnd, type Fixture, photo, start } from "./fixture.ts";
import { everythingOf, inputs, nodeTypes, rootFields } from "./schema-walk.ts";

/** Takes nothing that could name a thing of an account, or names it to whoever has its secret. */
const NAMELESS: Record<string, string> = {
  "Query.identities(first)": "a size",
  "Query.jobs(first)": "a size",
  "Query.collections(first)": "a size",
  "Query.jobs(filter.status)": "a state",
  "Query.jobs(filter.kind)": "a kind",
  "Query.jobs(filter.dead)": "a switch",
  "SearchJob.matches(all)": "a switch; read in full below",
  "Mutation.createIdentity(input.externalId)": "written, and unique in the account only: tried below",
  "Mutation.createIdentity(input.metadata)": "written",
  "Mutation.createIdentity(input.images)": "bytes",
  "Mutation.addIdentityImages(input.images)": "bytes",
  "Mutation.searchIdentities(input.image)": "bytes; who is found is tried below",
  "Mutation.searchIdentities(input.maxResults)": "a size",
  "Mutation.recognizeIdentity(input.image)": "bytes",
  "Mutation.detect(input.image)": "bytes",
  "Mutation.compare(input.images)": "bytes",
  "Mutation.identify(input.image)": "bytes; who is found is tried below",
  "Mutation.identify(input.faces)": "a choice",
  "Mutation.identify(input.maxCandidates)": "a size",
  "Mutation.updateIdentity(input.metadata)": "written",
  "Mutation.updateIdentity(input.externalId)": "written",
  "Mutation.createCollection(input.name)": "written, and unique in the account only: tried below",
  "Mutation.createCollection(input.keepsCrops)": "a switch",
  "Mutation.createCollection(input.guards.quality)": "a level",
  "Mutation.createCollection(input.guards.mixed)": "a level",
  "Mutation.createCollection(input.guards.wrongPerson)": "a level",
  "Mutation.createCollection(input.guards.duplicate)": "a level",
  "Mutation.updateCollection(input.name)": "written",
  "Mutation.updateCollection(input.keepsCrops)": "a switch",
  "Mutation.updateCollection(input.guards.quality)": "a level",
  "Mutation.updateCollection(input.guards.mixed)": "a level",
  "Mutation.updateCollection(input.guards.wrongPerson)": "a level",
  "Mutation.updateCollection(input.guards.duplicate)": "a level",
  "Mutation.login(input.secretId)": "what proves the account",
  "Query.server": "of the server, not of an account",
  "Mutation.logout": "ends the session whose token it was sent with",
};

/** Types that an id may be of. */
const NODES = [
  "Collection",
  "Identity",
  "Face",
  "EnrolmentJob",
  "SearchJob",
  "RecognitionJob",
  "DetectJob",
  "CompareJob",
  "IdentifyJob",
];

const failed = (code: string) => (answer: Answer) => {
  const [outcome] = Object.values<{ code?: string }>(answer.data ?? {});
  expect(outcome?.code ?? answer.errors?.[0]?.extensions.code, answer.text).toBe(code);
};
const notFound = failed("NOT_FOUND");
const isNull = (answer: Answer) => expect(Object.values(answer.data), answer.text).toEqual([null]);
const isEmpty = (answer: Answer) => expect(answer.text).toContain('Connection_edges":[]');

interface Attempt {
  query: string;
  variables?: object;
  expected: (answer: Answer) => unknown;
}

describe.for(backends)("accounts on $name", async ({ open, skipped }) => {
  if (skipped) {
    it.skip(skipped, () => {});
    return;
  }
  let api: Fixture;
  /** Signs in to the other account. */
  let token: string;
  let ids: Record<
    | "identity"
    | "face"
    | "enrol"
    | "add"
    | "search"
    | "recognition"
    | "detect"
    | "compare"
    | "identify"
    | "upload"
    | "collection",
    string
  >;
  let attempts: Record<string, Attempt[]>;
  /** Of ours: none of it may ever be told to them. */
  let secrets: string[];
  const everything = (type: string, depth = 3) => everythingOf(api.gateway.schema, type, depth);

  const startJob = async (mutation: string, input: object, as = api.token) => {
    const name = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
    const answer = await api.query(
      `mutation ($input: ${name}!) { ${mutation}(input: $input) { ... on Job { jobId } ... on Error { code message } } }`,
      { input },
      as,
    );
    const jobId = answer.data?.[mutation]?.jobId as string | undefined;
    if (!jobId) throw new Error(answer.text);
    return jobId;
  };
  const finished = async (jobId: string, as: string) => {
    for await (const { data, errors } of api.sockets({ token: as }).iterate<Answer["data"]>({
      query: "subscription ($id: ID!) { jobUpdated(id: $id) { done status } }",
      variables: { id: jobId },
    })) {
      if (errors) throw new Error(JSON.stringify(errors));
      if (data?.jobUpdated.done) return data.jobUpdated.status as string;
    }
    throw new Error(`the job ${jobId} did not end`);
  };
  const upload = async (as: string) => {
    const body = new FormData();
    body.append("input_image", await photo("franck_02159.jpg"));
    const answer = await api.service.fetch(
      new Request("http://service/v1/uploads", {
        method: "POST",
        body,
        headers: { authorization: `Bearer ${as}` },
      }),
    );
    return ((await answer.json()) as { upload_id: string }).upload_id;
  };

  beforeAll(async () => {
    // A caller's patience is not what is tried here.
    const limits = { cost: 1e9, fields: 1e6, aliases: 1e6, tokens: 1e6, depth: 30 };
    api = await start({ service: await open(atEnd), limits });
    token = await api.otherAccount();
    const { identityId, jobId } = await api.enrol(["franck_01829.jpg"], {
      externalId: "our-key",
      metadata: { name: "Our Name", note: "our note" },
    });
    const mine = await upload(api.token);
    const made = await api.query(
      'mutation { createCollection(input: { name: "our collection" }) { ... on Collection { collectionId } ... on Error { message } } }',
    );
    const collection = made.data.createCollection.collectionId as string;
    const jobs = {
      add: await startJob("addIdentityImages", { identityId, uploadIds: [mine] }),
      search: await startJob("searchIdentities", { uploadId: mine }),
      recognition: await startJob("recognizeIdentity", { identityId, uploadId: mine }),
      detect: await startJob("detect", { uploadId: mine }),
      compare: await startJob("compare", { uploadIds: [mine, mine] }),
      identify: await startJob("identify", { uploadId: mine }),
    };
    for (const id of Object.values(jobs)) expect(await finished(id, api.token)).toBe("SUCCEEDED");
    const { data } = await api.query(
      "query ($id: ID!) { identity(id: $id) { faces { faceId cropDataUrl } } jobs(first: 1) { pageInfo { endCursor } } }",
      { id: identityId },
    );
    const [face] = data.identity.faces;
    ids = { identity: identityId, face: face.faceId, enrol: jobId, upload: mine, collection, ...jobs };
    await api.enrol(["audrey.jpg"]);
    const pages = (
      await api.query(
        "{ jobs(first: 1) { pageInfo { endCursor } } identities(first: 1) { pageInfo { endCursor } } collections(first: 1) { pageInfo { endCursor } } }",
      )
    ).data;
    secrets = [
      ...Object.values(ids),
      "our-key",
      "Our Name",
      "our note",
      "our collection",
      api.clientId,
      face.cropDataUrl,
    ].filter(Boolean);

    // They know the same face, from an upload of theirs.
    const theirs = await startJob("createIdentity", { uploadIds: [await upload(token)] }, token);
    await finished(theirs, token);
    const own = (await api.query("{ identities { edges { node { identityId } } } }", {}, token)).data
      .identities.edges[0].node.identityId as string;
    const theirUpload = await upload(token);

    const identity = both("Identity", ids.identity);
    const face2 = both("Face", ids.face);
    const collections = [...both("Collection", ids.collection), "our collection"];
    const anyJob = [
      ...both("EnrolmentJob", ids.enrol),
      ...both("EnrolmentJob", ids.add),
      ...both("SearchJob", ids.search),
      ...both("RecognitionJob", ids.recognition),
      ...both("DetectJob", ids.detect),
      ...both("CompareJob", ids.compare),
      ...both("IdentifyJob", ids.identify),
    ];
    const nodes = [
      encodeGlobalID("Collection", ids.collection),
      encodeGlobalID("Identity", ids.identity),
      encodeGlobalID("Face", ids.face),
      encodeGlobalID("EnrolmentJob", ids.enrol),
      encodeGlobalID("SearchJob", ids.search),
      encodeGlobalID("RecognitionJob", ids.recognition),
      encodeGlobalID("DetectJob", ids.detect),
      encodeGlobalID("CompareJob", ids.compare),
      encodeGlobalID("IdentifyJob", ids.identify),
    ];
    const query = (field: string, type: string, list: unknown[], expected: Attempt["expected"]) =>
      list.map((id) => ({
        query: `query ($id: ID!) { ${field}(id: $id) ${everything(type)} }`,
        variables: { id },
        expected,
      }));
    const mutation = (name: string, tries: object[], expected = notFound) =>
      tries.map((input) => ({
        query: `mutation ($input: ${name[0]!.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { __typename ... on Error { code message path } } }`,
        variables: { input },
        expected,
      }));
    const list = (field: string, args: string): Attempt => ({
      query: `{ ${field}(${args}) ${everything(field === "jobs" ? "JobConnection" : "IdentityConnection")} }`,
      expected: isEmpty,
    });
    attempts = {
      "Query.identity(id)": query("identity", "Identity", identity, isNull),
      "Query.collection(id)": query("collection", "Collection", collections, isNull),
      "Query.collections(after)": [
        {
          query: `{ collections(after: "${pages.collections.pageInfo.endCursor}") ${everything("CollectionConnection")} }`,
          expected: ({ text }) => expect(text).not.toContain("our collection"),
        },
      ],
      "Query.identities(collection)": collections.map((id) => ({
        query: `query ($id: ID!) { identities(collection: $id) ${everything("IdentityConnection")} }`,
        variables: { id },
        expected: notFound,
      })),
      "Query.job(id)": query("job", "Job", anyJob, isNull),
      "Query.node(id)": query("node", "Node", nodes, isNull),
      "Query.nodes(ids)": [
        {
          query: `query ($ids: [ID!]!) { nodes(ids: $ids) ${everything("Node", 2)} }`,
          variables: { ids: nodes },
          expected: ({ data, text }) => expect(data.nodes, text).toEqual(nodes.map(() => null)),
        },
      ],
      "Query.identities(after)": [list("identities", `after: "${pages.identities.pageInfo.endCursor}"`)],
      "Query.identities(filter.externalId)": [list("identities", 'filter: { externalId: "our-key" }')],
      "Query.identities(filter.text)": [list("identities", 'filter: { text: "our" }')],
      "Query.identities(filter.metadata.key)": [
        list("identities", 'filter: { metadata: [{ key: "note", value: "our note" }] }'),
      ],
      "Query.identities(filter.metadata.value)": [
        list("identities", 'filter: { metadata: [{ key: "name", value: "Our Name" }] }'),
      ],
      "Query.jobs(after)": [
        list("jobs", `after: "${pages.jobs.pageInfo.endCursor}", filter: { kind: RECOGNIZE }`),
      ],
      "Query.viewer": [
        {
          query: `{ viewer ${everything("Viewer")} }`,
          expected: ({ data }) =>
            expect(data.viewer).toMatchObject({ Viewer_name: "other", Viewer_identityCount: 1 }),
        },
      ],
      "Mutation.createIdentity(input.uploadIds)": mutation("createIdentity", [{ uploadIds: [ids.upload] }]),
      "Mutation.createIdentity(input.collection)": mutation(
        "createIdentity",
        collections.map((collection) => ({ collection, uploadIds: [theirUpload] })),
      ),
      "Mutation.searchIdentities(input.collection)": mutation(
        "searchIdentities",
        collections.map((collection) => ({ collection, uploadId: theirUpload })),
      ),
      "Mutation.identify(input.collection)": mutation(
        "identify",
        collections.map((collection) => ({ collection, uploadId: theirUpload })),
      ),
      "Mutation.updateCollection(input.collection)": mutation(
        "updateCollection",
        collections.map((collection) => ({ collection, name: "stolen", keepsCrops: true })),
      ),
      "Mutation.deleteCollection(input.collection)": mutation(
        "deleteCollection",
        collections.map((collection) => ({ collection })),
      ),
      "Mutation.addIdentityImages(input.identityId)": mutation(
        "addIdentityImages",
        identity.map((identityId) => ({ identityId, uploadIds: [theirUpload] })),
      ),
      "Mutation.addIdentityImages(input.uploadIds)": mutation("addIdentityImages", [
        { identityId: own, uploadIds: [ids.upload] },
      ]),
      "Mutation.searchIdentities(input.uploadId)": mutation("searchIdentities", [{ uploadId: ids.upload }]),
      "Mutation.recognizeIdentity(input.identityId)": mutation(
        "recognizeIdentity",
        identity.map((identityId) => ({ identityId, uploadId: theirUpload })),
      ),
      "Mutation.recognizeIdentity(input.uploadId)": mutation("recognizeIdentity", [
        { identityId: own, uploadId: ids.upload },
      ]),
      "Mutation.detect(input.uploadId)": mutation("detect", [{ uploadId: ids.upload }]),
      "Mutation.compare(input.uploadIds)": mutation("compare", [
        { uploadIds: [theirUpload, ids.upload] },
        { uploadIds: [ids.upload, theirUpload] },
      ]),
      "Mutation.identify(input.uploadId)": mutation("identify", [{ uploadId: ids.upload }]),
      "Mutation.cancelJob(input.jobId)": mutation(
        "cancelJob",
        anyJob.map((jobId) => ({ jobId })),
      ),
      "Mutation.retryJob(input.jobId)": mutation(
        "retryJob",
        anyJob.map((jobId) => ({ jobId })),
      ),
      "Mutation.updateIdentity(input.identityId)": mutation(
        "updateIdentity",
        identity.map((identityId) => ({ identityId, externalId: "stolen", metadata: { name: "Stolen" } })),
      ),
      "Mutation.deleteFace(input.faceId)": mutation(
        "deleteFace",
        face2.map((faceId) => ({ faceId })),
      ),
      // Beside one of their own: which stays, as all or none are deleted.
      "Mutation.deleteIdentities(input.identityIds)": mutation(
        "deleteIdentities",
        identity.flatMap((id) => [{ identityIds: [id] }, { identityIds: [own, id] }]),
      ),
      "Mutation.login(input.clientId)": mutation(
        "login",
        [{ clientId: api.clientId, secretId: "guessed" }],
        failed("UNAUTHORIZED"),
      ),
      "Mutation.refreshToken(input.refreshToken)": mutation(
        "refreshToken",
        [{ refreshToken: api.refreshToken }],
        failed("UNAUTHORIZED"),
      ),
      "Mutation.refreshToken(input.token)": mutation(
        "refreshToken",
        [{ token: api.token, refreshToken: "guessed.guessed" }],
        failed("UNAUTHORIZED"),
      ),
    };
  });

  /** The text with each of our ids, in both forms, turned into one that nobody has, or into the id of the REST API. */
  const withIds = (text: string, as: "made up" | "plain"): string => {
    const types = NODES;
    for (const id of Object.values(ids)) {
      const madeUp = id.replace(/^.{8}/, "00000000");
      for (const type of types)
        text = text.replaceAll(encodeGlobalID(type, id), as === "plain" ? id : encodeGlobalID(type, madeUp));
      if (as === "made up") text = text.replaceAll(id, madeUp);
    }
    return text;
  };
  /** As REST knows it and as a global id. */
  const both = (type: string, id: string) => [id, encodeGlobalID(type, id)];
  const ours = () =>
    api.query(`query ($id: ID!) { identity(id: $id) ${everything("Identity")} }`, { id: ids.identity });
  const tellsNothing = (text: string, named = "") => {
    for (const secret of secrets.filter((one) => !named.includes(one))) expect(text).not.toContain(secret);
  };

  /** Arguments of subscriptions have tests of their own, below. */
  const SUBSCRIPTIONS = ["Subscription.jobUpdated(id)", "Subscription.jobsUpdated(after)"];

  it("are kept apart by every field and every argument that could name a thing", async () => {
    const taken = [...Object.keys(attempts), ...Object.keys(NAMELESS), ...SUBSCRIPTIONS];
    const places = [...inputs(api.gateway.schema).keys()];
    expect(places.filter((place) => !taken.includes(place))).toEqual([]);
    expect(
      rootFields(api.gateway.schema).filter((field) => !taken.some((one) => one.startsWith(field))),
    ).toEqual([]);
    expect(taken.filter((one) => one.includes("(") && !places.includes(one))).toEqual([]);
    expect(nodeTypes(api.gateway.schema).toSorted()).toEqual(NODES.toSorted());

    const before = (await ours()).data;
    // It has what may not be told, so the selection finds it where it is.
    for (const secret of ["our-key", "Our Name", "our note", ids.face])
      expect(JSON.stringify(before)).toContain(secret);
    for (const [place, tries] of Object.entries(attempts)) {
      for (const { query, variables = {}, expected } of tries) {
        const answer = await api.query(query, variables, token);
        const made = await api.query(query, JSON.parse(withIds(JSON.stringify(variables), "made up")), token);
        try {
          expected(answer);
          tellsNothing(answer.text, withIds(JSON.stringify(variables), "plain"));
          expect(withIds(answer.text, "made up"), "differs from what an unknown id gets").toBe(made.text);
        } catch (error) {
          throw new Error(`${place}: ${(error as Error).message}`, { cause: error });
        }
      }
    }
    expect((await ours()).data).toEqual(before);
    expect(api.hidden).toEqual([]);
  });

  it("see nothing of each other in lists, matches and all that hangs from them", async () => {
    const found = await startJob("searchIdentities", { uploadId: await upload(token) }, token);
    await finished(found, token);
    const fields = `{ viewer ${everything("Viewer")} identities ${everything("IdentityConnection", 5)} jobs ${everything("JobConnection", 5)} }`;
    const theirs = await api.query(fields, {}, token);
    expect(theirs.errors).toBeUndefined();
    expect(theirs.data.identities.IdentityConnection_edges).toHaveLength(1);
    tellsNothing(theirs.text);
    const matches = await api.query(
      `query ($id: ID!) { job(id: $id) { ... on SearchJob { matches(all: true) ${everything("SearchMatch", 3)} } } }`,
      { id: found },
      token,
    );
    expect(matches.data.job.matches).toHaveLength(1);
    tellsNothing(matches.text);
    // The same questions, asked by us, are answered with what was kept from them.
    const mine = await api.query(fields);
    for (const secret of ["our-key", "our note", ids.search, api.clientId])
      expect(mine.text).toContain(secret);
  });

  it("see nothing of each other in whom a photo shows", async () => {
    const found = await startJob("identify", { uploadId: await upload(token) }, token);
    await finished(found, token);
    const theirs = await api.query(
      `query ($id: ID!) { job(id: $id) { ... on IdentifyJob { faces ${everything("IdentifiedFace", 3)} } } }`,
      { id: found },
      token,
    );
    expect(theirs.data.job.faces).toHaveLength(1);
    tellsNothing(theirs.text);
  });

  it("share no cache when they ask for the same at the same time", async () => {
    const nodes = [
      encodeGlobalID("Collection", ids.collection),
      encodeGlobalID("Identity", ids.identity),
      encodeGlobalID("Face", ids.face),
      encodeGlobalID("SearchJob", ids.search),
      encodeGlobalID("EnrolmentJob", ids.enrol),
    ];
    const query = `query ($nodes: [ID!]!, $identity: ID!, $job: ID!) { nodes(ids: $nodes) ${everything("Node", 3)} identity(id: $identity) ${everything("Identity")} job(id: $job) ${everything("Job", 3)} }`;
    const variables = { nodes, identity: ids.identity, job: ids.recognition };
    const sockets = { ours: api.sockets(), theirs: api.sockets({ token }) };
    const bySocket = async (socket: typeof sockets.ours) => {
      for await (const { data } of socket.iterate<Answer["data"]>({ query, variables })) return data;
    };
    const answers = await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        const us = index % 2 === 0;
        const data =
          index < 12
            ? (await api.query(query, variables, us ? api.token : token)).data
            : await bySocket(us ? sockets.ours : sockets.theirs);
        return [us, data] as const;
      }),
    );
    for (const [us, data] of answers) {
      if (!us) expect(data).toEqual({ nodes: nodes.map(() => null), identity: null, job: null });
      else expect(JSON.stringify(data)).toMatch(/our-key.*our note/);
      expect(data.nodes.includes(null)).toBe(!us);
    }
  });

  it("may use the same external id", async () => {
    const job = await startJob(
      "createIdentity",
      { externalId: "our-key", uploadIds: [await upload(token)] },
      token,
    );
    expect(await finished(job, token)).toBe("SUCCEEDED");
    const listed = await api.query(
      '{ identities(filter: { externalId: "our-key" }) { edges { node { identityId } } } }',
    );
    expect(listed.data.identities.edges).toEqual([{ node: { identityId: ids.identity } }]);
  });

  it("cannot follow each other's job, neither while its owner does nor when it has ended", async () => {
    await api.service.worker.stop();
    const job = await startJob("searchIdentities", { uploadId: ids.upload });
    const mine = finished(job, api.token);
    for (const id of [...both("SearchJob", job), ...both("RecognitionJob", ids.recognition)]) {
      const query = `subscription ($id: ID!) { jobUpdated(id: $id) ${everything("Job", 2)} }`;
      const told: unknown[] = [];
      const failure = await (async () => {
        for await (const one of api.sockets({ token }).iterate({ query, variables: { id } })) told.push(one);
      })().catch((error: unknown) => error);
      expect(JSON.stringify([told, failure])).toContain("NOT_FOUND");
      tellsNothing(JSON.stringify([told, failure]), id + job + ids.recognition);
      const response = await fetch(api.url, {
        method: "POST",
        headers: {
          accept: "text/event-stream",
          "content-type": "application/json",
          authorization: `Bearer ${token}`,
        },
        body: JSON.stringify({ query, variables: { id } }),
      });
      const text = await response.text();
      expect(text).toContain("NOT_FOUND");
      expect(text).not.toContain('jobUpdated":{');
    }
    api.service.worker.start();
    expect(await mine).toBe("SUCCEEDED");
  });

  it("are told nothing of each other's jobs, from now on and from each other's cursors", async () => {
    const query =
      "subscription ($after: String) { jobsUpdated(after: $after) { cursor job { jobId status } } }";
    const told: Record<string, string> = {};
    const cursors = { ours: "" };
    const follow = (name: string, as: string, after?: string) => {
      told[name] = "";
      const stream = api.sockets({ token: as }).iterate<Answer["data"]>({ query, variables: { after } });
      void (async () => {
        for await (const { data } of stream) {
          told[name] += JSON.stringify(data);
          if (as === api.token) cursors.ours ||= data.jobsUpdated.cursor;
        }
      })().catch((error: unknown) => (told[name] += JSON.stringify(error)));
      return stream;
    };
    const streams = [follow("ours", api.token), follow("theirs", token)];
    // Until both hubs are there.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await finished(await startJob("searchIdentities", { uploadId: ids.upload }), api.token);
    await expect.poll(() => cursors.ours).not.toBe("");
    streams.push(
      follow("theirs by our cursor", token, cursors.ours),
      follow("theirs by the first", token, "1"),
    );
    const mine = await startJob("searchIdentities", { uploadId: ids.upload });
    await finished(mine, api.token);
    const their = await startJob("searchIdentities", { uploadId: await upload(token) }, token);
    await finished(their, token);
    for (const name of ["theirs", "theirs by the first"])
      await expect.poll(() => told[name], { message: name }).toContain(their);
    await expect.poll(() => told["ours"]).toContain(mine);
    expect(told["ours"]).not.toContain(their);
    for (const name of Object.keys(told).filter((one) => one !== "ours")) {
      expect(told[name], name).not.toContain(mine);
      tellsNothing(told[name]!);
    }
    for (const stream of streams) await stream.return?.();
  });
});
