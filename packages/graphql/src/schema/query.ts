import { JobStatus as State } from "@prosopon/core/contract";
import { builder } from "../builder.ts";
import { InvalidInputError, UnsupportedByUpstreamError } from "../errors.ts";
import { upstreamId, jobTypes } from "../ids.ts";
import { recordState, viewOf } from "../job-view.ts";
import { loadJob } from "../reads.ts";
import { upstream } from "../upstream.ts";
import { Collection, collectionNamed, findCollection, IN_COLLECTION } from "./collection.ts";
import { connection, type ForwardArgs } from "./connection.ts";
import { findIdentity, Identity } from "./identity.ts";
import { Job, JobKind, JobStatus } from "./job.ts";
import { Server } from "./server.ts";

const MetadataFilter = builder.inputType("MetadataFilter", {
  fields: (t) => ({ key: t.string({ required: true }), value: t.string({ required: true }) }),
});

const IdentityFilter = builder.inputType("IdentityFilter", {
  description: "All that is given must hold.",
  fields: (t) => ({
    externalId: t.string(),
    metadata: t.field({ type: [MetadataFilter], description: "Equal by key: the value as text." }),
    text: t.string({ description: "Part of the external id or of `metadata.name`, whatever the case." }),
  }),
});

const JobFilter = builder.inputType("JobFilter", {
  description: "All that is given must hold.",
  fields: (t) => ({
    status: t.field({ type: JobStatus }),
    kind: t.field({ type: JobKind }),
    dead: t.boolean({ description: "True: only abandoned ones, whose tries were used up." }),
  }),
});

/** The size of the page is counted at the field that was given `first`. */
const edgesCost = { field: 1, multiplier: 1 };
const IdentityConnection = builder.connectionObject(
  { type: Identity, name: "IdentityConnection", edgesField: { complexity: edgesCost } },
  { name: "IdentityEdge" },
);
const CollectionConnection = builder.connectionObject(
  { type: Collection, name: "CollectionConnection", edgesField: { complexity: edgesCost } },
  { name: "CollectionEdge" },
);
const JobConnection = builder.connectionObject(
  { type: Job, name: "JobConnection", edgesField: { complexity: edgesCost } },
  { name: "JobEdge" },
);

/** Pages are worth what they may hold. */
const pageCost = ({ first }: ForwardArgs) => ({ field: 1, multiplier: Math.max(1, first ?? 50) });
/** A server lists jobs by the four states that it emits. */
function listable(status: string): State {
  const found = State.options.find((state) => state === status);
  if (!found)
    throw new InvalidInputError([
      { message: `Jobs can be listed by ${State.options.join(", ")}.`, path: ["filter", "status"] },
    ]);
  return found;
}

const pageDescription = "1 to 100, 50 when left out.";

builder.queryType({
  authScopes: { authenticated: true },
  fields: (t) => ({
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "Null when the account has none of that id.",
      args: { id: t.arg.id({ required: true, description: "Global, or of the REST API." }) },
      resolve: (_, { id }, context) => findIdentity(upstreamId(id, ["Identity"], ["id"]), context),
    }),
    identities: t.field({
      type: IdentityConnection,
      description: "Newest first.",
      args: {
        first: t.arg.int({ description: pageDescription }),
        after: t.arg.string(),
        filter: t.arg({ type: IdentityFilter }),
        collection: t.arg.id({ description: IN_COLLECTION }),
      },
      complexity: pageCost,
      resolve: (_, { filter, collection, ...page }, { client }) =>
        connection(page, (options) =>
          upstream(
            client.identities.list({
              ...options,
              ...collectionNamed(collection, ["collection"]),
              ...(filter?.externalId != null && { externalId: filter.externalId }),
              ...(filter?.text != null && { text: filter.text }),
              ...(filter?.metadata && {
                metadata: Object.fromEntries(filter.metadata.map(({ key, value }) => [key, value])),
              }),
            }),
            { id: ["collection"] },
          ),
        ),
    }),
    collection: t.field({
      type: Collection,
      nullable: true,
      description: "Null when the account has none of that id or name.",
      args: { id: t.arg.id({ required: true, description: "Global, of the REST API, or its name." }) },
      resolve: (_, { id }, context) => findCollection(upstreamId(id, ["Collection"], ["id"]), context),
    }),
    collections: t.field({
      type: CollectionConnection,
      description: "Newest first.",
      args: { first: t.arg.int({ description: pageDescription }), after: t.arg.string() },
      complexity: pageCost,
      resolve: (_, page, { client }) =>
        connection(page, (options) => upstream(client.collections.list(options))),
    }),
    job: t.field({
      type: Job,
      nullable: true,
      description: "Null when the account has none of that id.",
      args: { id: t.arg.id({ required: true, description: "Global, or of the REST API." }) },
      resolve: async (_, { id }, context) => {
        const state = await upstream(loadJob(upstreamId(id, jobTypes, ["id"]), context));
        return state && viewOf(state);
      },
    }),
    jobs: t.field({
      type: JobConnection,
      description: "Newest first.",
      args: {
        first: t.arg.int({ description: pageDescription }),
        after: t.arg.string(),
        filter: t.arg({ type: JobFilter }),
      },
      complexity: pageCost,
      resolve: (_, { filter, ...page }, { client }) =>
        connection(page, async (options) => {
          const status = filter?.status == null ? undefined : listable(filter.status);
          const { items, nextCursor } = await upstream(
            client.jobs.list({
              ...options,
              ...(status && { status }),
              ...(filter?.kind && { kind: filter.kind }),
              ...(filter?.dead && { dead: true }),
            }),
          );
          return {
            items: items.map((job) => viewOf(recordState(job))),
            ...(nextCursor !== undefined && { nextCursor }),
          };
        }),
    }),
    server: t.field({
      type: Server,
      resolve: async (_, __, { client }) => {
        const server = await upstream(client.server());
        if (!server)
          throw new UnsupportedByUpstreamError(
            "The server behind this gateway does not describe itself: it offers only the documented routes.",
          );
        return server;
      },
    }),
  }),
});
