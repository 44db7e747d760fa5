import { events } from "./events/sse.ts";
import type { Handler } from "./http/call.ts";
import { openApi } from "./openapi/document.ts";
import { login, logout, refresh } from "./routes/auth.ts";
import { deleteFace, getCrop, getFace } from "./routes/faces.ts";
import { createNamedIdentity, getIdentity, listIdentities, patchIdentity } from "./routes/identities.ts";
import { addImages, createIdentity, deleteIdentities, identityStatus } from "./routes/identity.ts";
import { cancelJob, getJob, listJobs, retryJob } from "./routes/jobs.ts";
import { recognize, recognizeStatus } from "./routes/recognize.ts";
import { search, searchStatus } from "./routes/search.ts";
import { accountInfo, healthz, readyz, serverInfo } from "./routes/server.ts";
import { createUpload, deleteUpload } from "./routes/uploads.ts";

/**
 * - `open`: no token is looked at, or the handler does it.
 * - `token`: an access token in the header.
 * - `query-token`: the same, or in `?token=`, for what cannot send headers (EventSource).
 */
export type Access = "open" | "token" | "query-token";

type Route = readonly [method: string, path: string, access: Access, handler: Handler];

/** Of every node, also of a worker. */
export const probes: readonly Route[] = [
  ["GET", "/healthz", "open", healthz],
  ["GET", "/readyz", "open", readyz],
];

/** The URL table. The first block is the documented API and stays exactly that; under /v1 is ours. */
export const routes: readonly Route[] = [
  ["POST", "/login", "open", login],
  ["POST", "/token", "open", refresh],
  ["POST", "/logout", "open", logout],
  ["POST", "/innovation-service/identity", "token", createIdentity],
  ["PUT", "/innovation-service/identity", "token", addImages],
  ["GET", "/innovation-service/identity", "token", identityStatus],
  ["DELETE", "/innovation-service/identity", "token", deleteIdentities],
  ["POST", "/innovation-service/identity/search", "token", search],
  ["GET", "/innovation-service/identity/search", "token", searchStatus],
  ["POST", "/innovation-service/identity/recognize", "token", recognize],
  ["GET", "/innovation-service/identity/recognize", "token", recognizeStatus],
  ["POST", "/innovation-service/identity/recognition", "token", recognize],
  ["GET", "/innovation-service/identity/recognition", "token", recognizeStatus],

  ["GET", "/v1/server", "token", serverInfo],
  ["GET", "/v1/account", "token", accountInfo],
  ["POST", "/v1/identities", "token", createNamedIdentity],
  ["GET", "/v1/identities", "token", listIdentities],
  ["GET", "/v1/identities/:id", "token", getIdentity],
  ["PATCH", "/v1/identities/:id", "token", patchIdentity],
  ["GET", "/v1/jobs", "token", listJobs],
  ["GET", "/v1/jobs/:id", "token", getJob],
  ["DELETE", "/v1/jobs/:id", "token", cancelJob],
  ["POST", "/v1/jobs/:id/retry", "token", retryJob],
  ["GET", "/v1/faces/:id", "token", getFace],
  ["DELETE", "/v1/faces/:id", "token", deleteFace],
  ["GET", "/v1/faces/:id/crop", "token", getCrop],
  ["POST", "/v1/uploads", "token", createUpload],
  ["DELETE", "/v1/uploads/:id", "token", deleteUpload],
  ["GET", "/v1/events", "query-token", events],

  ...probes,
  ["GET", "/openapi.json", "open", openApi],
];
