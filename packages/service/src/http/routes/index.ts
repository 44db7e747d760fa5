import { events } from "./v1/events.ts";
import { jobRoutes } from "./documented/jobs.ts";
import type { Route } from "../route.ts";
import { openApi } from "../openapi/document.ts";
import { login, logout, refresh } from "./documented/session.ts";
import { deleteFace, getCrop, getFace } from "./v1/faces.ts";
import { getIdentity, listIdentities, patchIdentity } from "./v1/identities.ts";
import { deleteIdentities } from "./documented/identity.ts";
import { cancelJob, getJob, listJobs, retryJob } from "./v1/jobs.ts";
import { accountInfo, serverInfo } from "./v1/server.ts";
import { healthz, readyz } from "./probes.ts";
import { startRoutes } from "./v1/start-jobs.ts";
import { createUpload, deleteUpload } from "./v1/uploads.ts";

/** Of every node, also of a worker. */
export const probes: readonly Route[] = [
  ["GET", "/healthz", "open", healthz],
  ["GET", "/readyz", "open", readyz],
];

/** The URL table. What is not under /v1 is the documented API and stays exactly that, beside the probes; those of jobs come from their kinds. */
export const routes: readonly Route[] = [
  ["POST", "/login", "open", login],
  ["POST", "/token", "open", refresh],
  ["POST", "/logout", "open", logout],
  ["DELETE", "/innovation-service/identity", "token", deleteIdentities],
  ...jobRoutes,
  ...startRoutes,

  ["GET", "/v1/server", "token", serverInfo],
  ["GET", "/v1/account", "token", accountInfo],
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
