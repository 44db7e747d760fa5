import { STATUS_CODES } from "node:http";
import * as contract from "@prosopon/core/contract";
import { toJsonSchemaDefs } from "@valibot/to-json-schema";
import * as v from "valibot";
import { IMAGES_PER_JOB } from "../../limits.ts";
import { operations, type Operation, pascal } from "./operations.ts";

/** Answers of ours that no client of the contract needs. */
const Health = v.object({ status: v.string(), role: v.optional(v.picklist(["api", "worker", "all"])) });

/** Each becomes a component, and the others refer to it by name. */
function components(): Record<string, v.GenericSchema> {
  const {
    Box,
    Point,
    Landmarks,
    FaceQuality,
    Face,
    JobStatus,
    JobKind,
    AcceptedJobStatus,
    Metadata,
    SeenFace,
    SeenImage,
    Candidate,
    EnrolmentResult,
    SearchResult,
    RecognizeResult,
  } = contract;
  const {
    Credentials,
    RefreshRequest,
    TokenAnswer,
    JobCreated,
    EnrolmentAnswer,
    SearchMatch,
    SearchAnswer,
    RecognitionResult,
    RecognitionAnswer,
  } = contract;
  const {
    Problem,
    Identity,
    IdentityList,
    IdentityPatch,
    Upload,
    Job,
    JobList,
    JobEvent,
    JobRetried,
    DeadJob,
    ModelInfo,
    CalibrationPoint,
    ServerInfo,
    DeleteRequest,
    AccountInfo,
    Collection,
    CollectionCalibration,
    CollectionCreate,
    CollectionList,
    CollectionPatch,
    CollectionSettings,
    GalleryPoint,
    GuardWarning,
  } = contract;
  return {
    Credentials,
    RefreshRequest,
    TokenAnswer,
    JobCreated,
    AcceptedJobStatus,
    EnrolmentAnswer,
    SearchMatch,
    SearchAnswer,
    RecognitionResult,
    RecognitionAnswer,
    DeleteRequest,
    Problem,
    Point,
    Box,
    Landmarks,
    FaceQuality,
    Face,
    Metadata,
    Identity,
    IdentityList,
    IdentityPatch,
    Upload,
    JobStatus,
    JobKind,
    SeenFace,
    SeenImage,
    Candidate,
    GuardWarning,
    EnrolmentResult,
    SearchResult,
    RecognizeResult,
    DeadJob,
    ...Object.fromEntries(
      contract.jobKinds.flatMap((of) =>
        "start" in of ? [[`${pascal(of.kind)}Result`, of.result] as const] : [],
      ),
    ),
    ...Object.fromEntries(
      contract.jobSchemas.map((schema) => [`${pascal(schema.entries.kind.literal)}Job`, schema]),
    ),
    Job,
    JobList,
    JobRetried,
    JobEvent,
    ModelInfo,
    CalibrationPoint,
    ServerInfo,
    AccountInfo,
    CollectionSettings,
    Collection,
    CollectionList,
    CollectionCreate,
    CollectionPatch,
    GalleryPoint,
    CollectionCalibration,
    Health,
  };
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** The OpenAPI 3.1 document, from the schemas that the code itself uses. */
export function openApiDocument(): Record<string, unknown> {
  const schemas = toJsonSchemaDefs(components(), {
    target: "draft-2020-12",
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
  });
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Prosopon",
      description:
        "The documented Facelytics Faces Recognition API (tag `documented`) and Prosopon's own routes (tag `own`). States, retries, events and close codes: docs/protocol.md.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      // The API's own, not the server's: the committed file must not change with every release.
      version: "1",
    },
    tags: [
      {
        name: "documented",
        description: "As Facelytics documents it, and as its published clients need it.",
      },
      {
        name: "own",
        description: "Prosopon's own; a server that has only the documented routes answers 404.",
      },
    ],
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
  };
}

function describe({
  method,
  path,
  summary,
  api,
  open,
  query = [],
  form,
  images = [1, IMAGES_PER_JOB],
  body,
  success,
  unfinished,
  media = "application/json",
  problems = [],
}: Operation) {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = query.map(({ name, description, required = false, type = "string" }) => ({
    name,
    in: "query",
    required,
    description,
    schema: { type },
  }));
  const statuses = [...new Set([...problems, ...(open ? [] : [401])])].sort((a, b) => a - b);
  const problem = (status: number) => [
    String(status),
    { description: STATUS_CODES[status], content: { "application/json": { schema: ref("Problem") } } },
  ];
  const [status, ...schemas] = success;
  const answer = (status: number, ...names: string[]) => ({
    description: STATUS_CODES[status],
    ...(status !== 204 && { content: { [media]: schemaOf(names) } }),
  });
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[/:.-]+(\w)?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? "")}`,
    summary,
    tags: [api],
    ...(open && { security: [] }),
    ...(inPath.length + inQuery.length > 0 && { parameters: [...inPath, ...inQuery] }),
    ...(form && {
      requestBody: {
        required: true,
        content: { "multipart/form-data": { schema: formSchema(form, images) } },
      },
    }),
    ...(body && { requestBody: { required: true, content: { "application/json": { schema: ref(body) } } } }),
    responses: {
      [status]: answer(status, ...schemas),
      ...(unfinished && { 202: answer(202, unfinished) }),
      ...Object.fromEntries(statuses.map(problem)),
    },
  };
}

function schemaOf(names: string[]): { schema?: object } {
  const refs = names.map(ref);
  if (refs.length > 1) return { schema: { anyOf: refs } };
  return refs[0] ? { schema: refs[0] } : {};
}

/** An image is a JPEG's or PNG's bytes, or the id of an upload as text. */
function formSchema(form: NonNullable<Operation["form"]>, [minItems, maxItems]: [number, number]) {
  const image = { type: "string", contentMediaType: "application/octet-stream" };
  const types = {
    text: { type: "string" },
    integer: { type: "integer" },
    image,
    images: { type: "array", items: image, minItems, maxItems },
  };
  const required = Object.keys(form).filter((name) => name.startsWith("input_") || name === "identity_id");
  return {
    type: "object",
    required,
    properties: Object.fromEntries(Object.entries(form).map(([name, type]) => [name, types[type]])),
  };
}
