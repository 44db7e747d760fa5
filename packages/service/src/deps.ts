import type { Engine } from "@prosopon/engine";
import type { Logger } from "pino";
import type { LoginGate } from "./auth/login-gate.ts";
import type { Secrets } from "./auth/secrets.ts";
import type { Tokens } from "./auth/tokens.ts";
import type { BlobStore } from "./blobs/types.ts";
import type { Clock } from "./clock.ts";
import type { Hub } from "./events/hub.ts";
import type { Streams } from "./events/streams.ts";
import type { Quota } from "./jobs/quota.ts";
import type { Role } from "./role.ts";
import type { Limits } from "./limits.ts";
import type { Space } from "./space.ts";
import type { Storage } from "./storage/types.ts";

/** What the routes and jobs work with; made once in service.ts. */
export interface Deps {
  storage: Storage;
  blobs: BlobStore;
  engine: Engine;
  clock: Clock;
  logger: Logger;
  limits: Limits;
  version: string;
  secrets: Secrets;
  tokens: Tokens;
  logins: LoginGate;
  hub: Hub;
  streams: Streams;
  quota: Quota;
  space: Space;
  /** Blobs that requests in progress have stored and no job refers to yet: not orphans. */
  receiving: Set<string>;
  /** Aborted when the service closes. */
  closing: AbortSignal;
  role: Role;
  /** `undefined` when work can be given to this node, else why not. */
  notReady: () => string | undefined;
}
