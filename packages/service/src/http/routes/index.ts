import type { Route } from "../route.ts";
import type { StartJob } from "../start-job.ts";
import type { EventTools } from "../event-tools.ts";
import { type IdentityRouteTools, identityRoutes } from "./documented/identity.ts";
import { documentedJobRoutes } from "./documented/jobs.ts";
import { type SessionRouteTools, sessionRoutes } from "./documented/session.ts";
import { openApiRoutes } from "./openapi.ts";
import { type ProbeTools, probeRoutes } from "./probes.ts";
import { accountRoutes } from "./v1/account.ts";
import { type CollectionsRouteTools, collectionsRoutes } from "./v1/collections.ts";
import { eventsRoutes } from "./v1/events.ts";
import { facesRoutes } from "./v1/faces.ts";
import { type IdentitiesRouteTools, identitiesRoutes } from "./v1/identities.ts";
import { type JobsRouteTools, jobsRoutes } from "./v1/jobs.ts";
import { type ServerRouteTools, serverRoutes } from "./v1/server.ts";
import { startJobRoutes } from "./v1/start-jobs.ts";
import { type UploadsRouteTools, uploadsRoutes } from "./v1/uploads.ts";

/** All that some route uses; each is handed what its own file asks for. */
export type RouteTools = SessionRouteTools &
  IdentityRouteTools &
  ServerRouteTools &
  CollectionsRouteTools &
  IdentitiesRouteTools &
  JobsRouteTools &
  UploadsRouteTools &
  EventTools &
  ProbeTools & { startJob: StartJob };

/** The URL table. What is not under /v1 is the documented API and stays exactly that, beside the probes and the OpenAPI document. */
export function createRoutes(tools: RouteTools): Route[] {
  const { storage, startJob, jobAfterWait, limits, clock } = tools;
  return [
    ...sessionRoutes(tools),
    ...identityRoutes(tools),
    ...documentedJobRoutes(startJob, jobAfterWait),

    ...serverRoutes(tools),
    ...accountRoutes(storage, limits),
    ...collectionsRoutes(tools),
    ...identitiesRoutes(tools),
    ...facesRoutes(storage, clock),
    ...startJobRoutes(startJob),
    ...jobsRoutes(tools),
    ...uploadsRoutes(tools),
    ...eventsRoutes(tools),

    ...probeRoutes(tools),
    ...openApiRoutes(),
  ];
}
