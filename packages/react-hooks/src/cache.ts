import { type Cache, cacheExchange, type UpdateResolver } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import type {
  CancelJobMutation,
  DeleteCollectionMutation,
  DeleteFaceMutation,
  DeleteIdentitiesMutation,
  JobFieldsFragment,
  JobsUpdatedSubscription,
  JobUpdatedSubscription,
  RetryJobMutation,
  RetryJobMutationVariables,
} from "./generated/operations.ts";
import { startingMutations } from "./generated/runs.ts";
import { keyless, possibleTypes } from "./generated/shapes.ts";

type Change = Pick<JobFieldsFragment, "id" | "done" | "kind"> & { __typename: string };

/** What every event of a job carries; the other fields of a job are results, read once it has ended. */
const carried = new Set([
  "__typename",
  "id",
  "jobId",
  "kind",
  "status",
  "done",
  "createdAt",
  "startedAt",
  "finishedAt",
  "attempts",
  "error",
  "dead",
]);

export function prosoponCache() {
  // An event can come more than once (two subscriptions, a reconnect); what it refreshes need not.
  const ended = new Set<string>();

  function seen(cache: Cache, job: Change) {
    const known = listHolds(cache, "jobs", job.id);
    if (!known) forgetFields(cache, "jobs");
    if (!job.done || ended.has(job.id)) return;
    ended.add(job.id);
    const key = cache.keyOfEntity(job);
    for (const { fieldName, fieldKey } of key ? cache.inspectFields(key) : []) {
      if (!carried.has(fieldName)) cache.invalidate(key, fieldKey);
    }
    forgetFields(cache, "jobs", (args) => args?.["filter"] != null);
    if (job.__typename === "EnrolmentJob") {
      forgetFields(cache, "identities");
      forgetFields(cache, "identity");
      forgetCollections(cache);
    }
  }

  const started: UpdateResolver = (_, __, cache) => forgetFields(cache, "jobs");

  return cacheExchange({
    possibleTypes,
    logger: complain,
    keys: Object.fromEntries(keyless.map((name) => [name, () => null])),
    resolvers: {
      Query: { collections: relayPagination(), identities: relayPagination(), jobs: relayPagination() },
    },
    updates: {
      Mutation: {
        ...Object.fromEntries(startingMutations.map((name) => [name, started])),
        cancelJob(result: CancelJobMutation, _, cache) {
          if (result.cancelJob.__typename === "CancelledJob") seen(cache, result.cancelJob.job);
        },
        retryJob(result: RetryJobMutation, { input }: RetryJobMutationVariables, cache) {
          if (result.retryJob.__typename !== "RetriedJob") return;
          forgetFields(cache, "jobs");
          // The dead one has got a successor; of the types that its id may have, one is its own.
          for (const __typename of possibleTypes["Job"] ?? [])
            cache.invalidate({ __typename, id: input.jobId });
        },
        deleteIdentities(result: DeleteIdentitiesMutation, _, cache) {
          if (result.deleteIdentities.__typename !== "DeletedIdentities") return;
          for (const id of result.deleteIdentities.ids) {
            dropFromLists(cache, "identities", `Identity:${id}`);
            cache.invalidate({ __typename: "Identity", id });
          }
          forgetCollections(cache);
        },
        createCollection: (_, __, cache) => forgetCollections(cache),
        deleteCollection(result: DeleteCollectionMutation, _, cache) {
          if (result.deleteCollection.__typename !== "DeletedCollection") return;
          cache.invalidate({ __typename: "Collection", id: result.deleteCollection.id });
          for (const name of ["collections", "collection", "identities", "identity"])
            forgetFields(cache, name);
        },
        deleteFace(result: DeleteFaceMutation, _, cache) {
          if (result.deleteFace.__typename === "DeletedFace")
            cache.invalidate({ __typename: "Face", id: result.deleteFace.id });
        },
      },
      Subscription: {
        jobUpdated: (result: JobUpdatedSubscription, _, cache) => seen(cache, result.jobUpdated),
        jobsUpdated: (result: JobsUpdatedSubscription, _, cache) => seen(cache, result.jobsUpdated.job),
      },
    },
  });
}

type Args = Record<string, unknown> | null;

function fieldsNamed(cache: Cache, name: string) {
  return cache.inspectFields("Query").filter(({ fieldName }) => fieldName === name);
}

function forgetFields(cache: Cache, name: string, which: (args: Args) => boolean = () => true) {
  for (const field of fieldsNamed(cache, name)) {
    if (which(field.arguments)) cache.invalidate("Query", field.fieldKey);
  }
}

/** How many people they have is counted by the server. */
function forgetCollections(cache: Cache): void {
  for (const name of ["collections", "collection"]) forgetFields(cache, name);
}

function edgesOf(cache: Cache, fieldKey: string): { connection: string; edges: string[] } | undefined {
  const connection = cache.resolve("Query", fieldKey);
  const edges = typeof connection === "string" ? cache.resolve(connection, "edges") : undefined;
  return Array.isArray(edges) ? { connection: connection as string, edges: edges as string[] } : undefined;
}

function listHolds(cache: Cache, name: string, id: string): boolean {
  return fieldsNamed(cache, name).some(({ fieldKey }) =>
    edgesOf(cache, fieldKey)?.edges.some((edge) => endsWith(cache.resolve(edge, "node"), `:${id}`)),
  );
}

function endsWith(key: unknown, end: string): boolean {
  return typeof key === "string" && key.endsWith(end);
}

function dropFromLists(cache: Cache, name: string, key: string) {
  for (const { fieldKey } of fieldsNamed(cache, name)) {
    const list = edgesOf(cache, fieldKey);
    if (list)
      cache.link(
        list.connection,
        "edges",
        list.edges.filter((edge) => cache.resolve(edge, "node") !== key),
      );
  }
}

/** Without a whole schema the cache tries every fragment when it writes, and misses the fields of those that do not apply. */
const MISSED = "Invalid undefined";

function complain(severity: "debug" | "error" | "warn", message: string) {
  if (severity !== "debug" && !message.startsWith(MISSED)) console[severity](message);
}
