import { events } from "./events/sse.ts";
import { jobRoutes } from "./http/job-routes.ts";
import type { Route } from "./http/route.ts";
import { openApi } from "./openapi/document.ts";
import { login, logout, refresh } from "./routes/auth.ts";
import { deleteFace, getCrop, getFace } from "./routes/faces.ts";
import { getIdentity, listIdentities, patchIdentity } from "./routes/identities.ts";
import { deleteIdentities } from "./routes/identity.ts";
import { cancelJob, getJob, listJobs, retryJob } from "./routes/jobs.ts";
import { accountInfo, healthz, readyz, serverInfo } from "./routes/server.ts";
import { createUpload, deleteUpload } from "./routes/uploads.ts";

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
