import { JobKind, kindOfJob } from "@prosopon/core/contract";
import { kinds } from "../../jobs/kinds/index.ts";
import { fieldsOf, imagesField, type JobStart } from "../job-start.ts";
import { documentedStarts, documentedStatuses } from "../routes/documented/jobs.ts";
import { ownStarts } from "../routes/v1/start-jobs.ts";

/** What the OpenAPI document says of each row of the URL table; a test holds the two together. */
export interface Operation {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As in the URL table. */
  path: string;
  summary: string;
  /** Documented by Facelytics, or Prosopon's own. */
  api: "documented" | "own";
  /** No token. */
  open?: boolean;
  query?: Parameter[];
  /** Fields of multipart/form-data. */
  form?: Record<string, "text" | "integer" | "image" | "images">;
  /** How many the field `images` takes; 1 to 5 when left out. */
  images?: [least: number, most: number];
  /** Schema name of a JSON body. */
  body?: string;
  /** Status of success, and the schema's name, or one of several; none for an empty answer. */
  success: [status: number, ...schemas: string[]];
  /** Schema of the answer 202, where what was asked for may still go on. */
  unfinished?: string;
  /** Media type of success where it is not JSON. */
  media?: string;
  /** Expected problems beyond 401. */
  problems?: number[];
}

interface Parameter {
  name: string;
  description: string;
  required?: boolean;
  type?: "integer" | "number";
}

const jobId: Parameter = { name: "job_id", description: "As the starting call answered it.", required: true };
const wait: Parameter = {
  name: "wait",
  description: "Seconds to hold the answer until the job ends, 0 to 30. Our own addition.",
  type: "number",
};
const startWait: Parameter = {
  name: "wait",
  description:
    "Seconds to hold the answer until the job ends, 0 to 30. It is then the job: 200 once it has ended, 202 while it goes on. Without it the answer is the job's id.",
  type: "number",
};
const ids: Parameter = {
  name: "ids",
  description: "Comma-separated ids, at most 100; unknown ones are left out.",
};
const page: Parameter[] = [
  { name: "limit", description: "1 to 100, default 50.", type: "integer" },
  { name: "cursor", description: "next_cursor of the previous page." },
];
const UPLOAD_PROBLEMS = [400, 413, 415, 429, 503];

const startOperation =
  (api: Operation["api"]) =>
  (start: JobStart): Operation => {
    const { kind, method, path, summary = kinds[kind].summary, problems = [] } = start;
    const job = `${pascal(kind)}Job`;
    return {
      method,
      path,
      summary,
      api,
      form: { ...imagesField(kind), ...fieldsOf(start) },
      images: [kindOfJob(kind).leastImages ?? 1, kindOfJob(kind).images],
      ...(api === "own"
        ? { query: [startWait], success: [200, "JobCreated", job], unfinished: job }
        : { success: [200, "JobCreated"] }),
      problems: [...problems, ...UPLOAD_PROBLEMS],
    };
  };

/** `add-images` is AddImages. */
export const pascal = (kind: string): string =>
  kind.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The routes that start jobs, and the documented ones that tell their state. */
const jobOperations: Operation[] = [
  ...documentedStarts.map(startOperation("documented")),
  ...documentedStatuses.map(({ path, summary, schema }): Operation => ({
    method: "GET",
    path,
    summary,
    api: "documented",
    query: [jobId, wait],
    success: [200, schema],
    problems: [400],
  })),
  ...ownStarts.map(startOperation("own")),
];

export const operations: Operation[] = [
  {
    method: "POST",
    path: "/login",
    summary: "Log in",
    api: "documented",
    open: true,
    body: "Credentials",
    success: [200, "TokenAnswer"],
    problems: [400, 401, 429],
  },
  {
    method: "POST",
    path: "/token",
    summary: "Refresh the tokens; the access token in the header may have expired",
    api: "documented",
    body: "RefreshRequest",
    success: [200, "TokenAnswer"],
    problems: [400],
  },
  {
    method: "POST",
    path: "/logout",
    summary: "End the session; the token may have expired",
    api: "documented",
    success: [204],
  },
  {
    method: "DELETE",
    path: "/innovation-service/identity",
    summary: "Delete identities: all of them, or none when one is unknown",
    api: "documented",
    query: [
      {
        name: "identity_id",
        description:
          "Also repeated, as identity_id[] or identity_id[0], or in a JSON body {identity_id: [..]}.",
      },
    ],
    success: [204],
    problems: [400, 404],
  },
  ...jobOperations,

  {
    method: "GET",
    path: "/v1/server",
    summary: "Version, models, thresholds, calibration, limits",
    api: "own",
    success: [200, "ServerInfo"],
  },
  {
    method: "GET",
    path: "/v1/account",
    summary: "The account, its size and its quotas",
    api: "own",
    success: [200, "AccountInfo"],
  },
  {
    method: "POST",
    path: "/v1/collections",
    summary: "Create a gallery inside the account",
    api: "own",
    body: "CollectionCreate",
    success: [201, "Collection"],
    problems: [400, 409, 429, 503],
  },
  {
    method: "GET",
    path: "/v1/collections",
    summary: "List collections, the newest first",
    api: "own",
    query: page,
    success: [200, "CollectionList"],
    problems: [400],
  },
  {
    method: "GET",
    path: "/v1/collections/:id",
    summary: "One collection, by its id or its name",
    api: "own",
    success: [200, "Collection"],
    problems: [404],
  },
  {
    method: "GET",
    path: "/v1/collections/:id/calibration",
    summary: "What scores of searches mean in it at its present size",
    api: "own",
    success: [200, "CollectionCalibration"],
    problems: [404],
  },
  {
    method: "PATCH",
    path: "/v1/collections/:id",
    summary: "Change its name and settings",
    api: "own",
    body: "CollectionPatch",
    success: [200, "Collection"],
    problems: [400, 404, 409],
  },
  {
    method: "DELETE",
    path: "/v1/collections/:id",
    summary: "Delete it and erase all its people; not `default`",
    api: "own",
    success: [204],
    problems: [404, 409],
  },
  {
    method: "GET",
    path: "/v1/identities",
    summary: "List or look up identities",
    api: "own",
    query: [
      ...page,
      ids,
      { name: "collection", description: "By its id or name; `default` when left out. Not for ids." },
      { name: "external_id", description: "The caller's own key." },
      { name: "metadata[key]", description: "Equal by key, as text; any key, any number of them." },
      { name: "text", description: "Case-insensitive part of the external id or of metadata.name." },
    ],
    success: [200, "IdentityList"],
    problems: [400, 404],
  },
  {
    method: "DELETE",
    path: "/v1/identities",
    summary: "Delete identities of any collection: all of them, or none when one is unknown",
    api: "own",
    body: "DeleteRequest",
    success: [204],
    problems: [400, 404],
  },
  {
    method: "GET",
    path: "/v1/identities/:id",
    summary: "One identity with its faces",
    api: "own",
    success: [200, "Identity"],
    problems: [404],
  },
  {
    method: "PATCH",
    path: "/v1/identities/:id",
    summary: "Change external id and metadata; a null removes",
    api: "own",
    body: "IdentityPatch",
    success: [200, "Identity"],
    problems: [400, 404, 409, 503],
  },
  {
    method: "GET",
    path: "/v1/jobs",
    summary: "List or look up jobs of all kinds",
    api: "own",
    query: [
      ...page,
      ids,
      { name: "status", description: "Sent, Started, Succeeded or Failed." },
      { name: "kind", description: `One of ${JobKind.options.join(", ")}.` },
      { name: "dead", description: "true: only abandoned jobs, whose tries were used up." },
    ],
    success: [200, "JobList"],
    problems: [400],
  },
  {
    method: "GET",
    path: "/v1/jobs/:id",
    summary: "One job with its result",
    api: "own",
    query: [wait],
    success: [200, "Job"],
    problems: [404],
  },
  {
    method: "DELETE",
    path: "/v1/jobs/:id",
    summary: "Cancel an unfinished job: it ends Failed; repeated, the answer is the same",
    api: "own",
    success: [200, "Job"],
    problems: [404, 409],
  },
  {
    method: "POST",
    path: "/v1/jobs/:id/retry",
    summary: "Retry an abandoned job; repeated, the answer is the same job",
    api: "own",
    success: [202, "JobRetried"],
    problems: [404, 409, 429, 503],
  },
  {
    method: "GET",
    path: "/v1/faces/:id",
    summary: "One face",
    api: "own",
    success: [200, "Face"],
    problems: [404],
  },
  {
    method: "DELETE",
    path: "/v1/faces/:id",
    summary: "Delete a face, unless it is its identity's last",
    api: "own",
    success: [204],
    problems: [404, 409],
  },
  {
    method: "GET",
    path: "/v1/faces/:id/crop",
    summary: "The face as a 160 px JPEG, where the account keeps them",
    api: "own",
    success: [200],
    media: "image/jpeg",
    problems: [404],
  },
  {
    method: "POST",
    path: "/v1/uploads",
    summary: "Send an image once; name its id wherever an image is expected",
    api: "own",
    form: { input_image: "image" },
    success: [201, "Upload"],
    problems: UPLOAD_PROBLEMS,
  },
  {
    method: "DELETE",
    path: "/v1/uploads/:id",
    summary: "Erase an upload, unless an unfinished job needs it",
    api: "own",
    success: [204],
    problems: [404, 409],
  },
  {
    method: "GET",
    path: "/v1/events",
    summary: "Changes of jobs: Server-Sent Events, or a WebSocket by upgrade (docs/protocol.md)",
    api: "own",
    query: [
      { name: "cursor", description: "Resume after this event; Last-Event-ID does the same." },
      { name: "token", description: "The access token, for what cannot send headers." },
    ],
    success: [200, "JobEvent"],
    media: "text/event-stream",
    problems: [400, 406, 410, 429],
  },

  {
    method: "GET",
    path: "/healthz",
    summary: "The process answers",
    api: "own",
    open: true,
    success: [200, "Health"],
  },
  {
    method: "GET",
    path: "/readyz",
    summary: "Work can be given to this node",
    api: "own",
    open: true,
    success: [200, "Health"],
    problems: [503],
  },
  { method: "GET", path: "/openapi.json", summary: "This document", api: "own", open: true, success: [200] },
];
