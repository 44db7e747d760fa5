import type { Engine } from "@prosopon/engine";
import { pino, type Logger } from "pino";
import { createAccounts, type Accounts } from "./auth/accounts.ts";
import { createApp, type Peer } from "./http/app.ts";
import { createLoginLimiter } from "./auth/limiter.ts";
import { createLoginGate } from "./auth/login-gate.ts";
import { createSecrets } from "./auth/secrets.ts";
import { createTokens } from "./auth/tokens.ts";
import { createEraseImages } from "./blobs/erase.ts";
import { createIncomingImages } from "./blobs/incoming.ts";
import type { BlobStore } from "./blobs/types.ts";
import { systemClock, type Clock } from "./clock.ts";
import { createHub } from "./events/hub.ts";
import { serveEventSocket, type EventSocket, type SocketRequest } from "./http/event-socket.ts";
import { createJobEvents } from "./events/job-events.ts";
import { createOpenStreams } from "./events/open-streams.ts";
import { createCollectionLookup } from "./http/collection-lookup.ts";
import { createReceiver } from "./http/receiving/receiver.ts";
import type { Route } from "./http/route.ts";
import { createRoutes } from "./http/routes/index.ts";
import { probeRoutes } from "./http/routes/probes.ts";
import { createStartJob } from "./http/start-job.ts";
import { createJobAfter, createJobAfterWait, createPatience } from "./http/wait.ts";
import { createLookUp } from "./jobs/look-up.ts";
import { agreeOnRecogniser } from "./jobs/recogniser.ts";
import { createQuota } from "./jobs/quota.ts";
import { createSweeper } from "./jobs/sweeper.ts";
import { createWorker, type Worker } from "./jobs/worker.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import type { Role } from "./role.ts";
import { createSpace, endlessSpace, type SpaceOptions } from "./space.ts";
import type { Storage } from "./storage/types.ts";

export interface ServiceOptions {
  storage: Storage;
  blobs: BlobStore;
  engine: Engine;
  clock?: Clock;
  /** Silent without one. */
  logger?: Logger;
  limits?: Partial<Limits>;
  /** Default `all`. Others need a storage and blobs that several nodes share. */
  role?: Role;
  /** Disks to keep some room on. Without it data is accepted until a write fails. */
  space?: SpaceOptions;
  /** As `GET /v1/server` reports it. */
  version?: string;
}

export interface Service {
  /** The whole HTTP API. Never rejects. */
  fetch(request: Request, peer?: Peer): Promise<Response>;
  readonly events: {
    /** Serves the WebSocket of `GET /v1/events` over a socket that is open already. */
    connect(socket: EventSocket, request: SocketRequest): void;
  };
  /** Runs by itself once the engine has proved itself, but not on an `api` node; its `stop` is part of `close`. */
  readonly worker: Worker;
  readonly accounts: Accounts;
  /** Calls back when a session ends in this process (logout, a refresh token used twice). Returns the unsubscribe. */
  onSessionEnd(listener: (sessionId: string) => void): () => void;
  /** Resolves when the engine has recognised its known image, where this node works; rejects when it cannot. `/readyz` follows it. */
  ready(): Promise<void>;
  /** From now on `/readyz` answers 503, so that no new work is sent here; a `worker` claims no more. Everything else goes on until `close`. */
  drain(): void;
  /** Ends streams, lets the jobs in hand finish or hands them back. The storage, blobs and engine remain the caller's to close. */
  close(): Promise<void>;
}

/** Options without a default, and where to get them. */
const REQUIRED: Record<"storage" | "blobs" | "engine", string> = {
  storage:
    "openSqliteStorage of @prosopon/service/sqlite, or openPostgresStorage of @prosopon/service/postgres",
  blobs: "openLocalBlobs of @prosopon/service, or openS3Blobs of @prosopon/service/s3",
  engine: "createEngine of @prosopon/engine",
};

/** @throws TypeError for what is missing */
function checkOptions(options: Partial<ServiceOptions> | undefined): void {
  const missing = Object.entries(REQUIRED).filter(([name]) => !options?.[name as keyof typeof REQUIRED]);
  if (missing.length === 0) return;
  const each = missing.map(([name, from]) => `Pass \`${name}\`, from ${from}.`);
  throw new TypeError(
    `createService needs ${Object.keys(REQUIRED).join(", ")}; missing: ${missing.map(([name]) => name).join(", ")}. ${each.join(" ")}`,
  );
}

/** @throws TypeError when storage, blobs or engine are missing */
export function createService(options: ServiceOptions): Service {
  checkOptions(options);
  const {
    storage,
    blobs,
    engine,
    clock = systemClock,
    logger = pino({ level: "silent" }),
    role = "all",
    version = "0.0.0",
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const works = role !== "api";
  let notReady: string | undefined;
  let going = false;
  const secrets = createSecrets();
  const closing = new AbortController();
  // A worker has nobody to tell: its storage need not read what happens.
  const heard: Storage =
    role === "worker" ? { ...storage, events: { ...storage.events, listen: () => () => {} } } : storage;
  const hub = createHub(heard);
  const eraseImages = createEraseImages(blobs, logger);
  const incoming = createIncomingImages(blobs, eraseImages, clock);
  const space = options.space ? createSpace(options.space, logger) : endlessSpace;
  const tokens = createTokens({ storage, clock });
  const streams = createOpenStreams(limits);
  const eventTools = { events: createJobEvents(storage, hub), streams, tokens, limits, clock, logger };
  const probeTools = { storage, blobs, space, clock, role, notReady: () => notReady };
  const worker = createWorker({ storage, blobs, engine, hub, eraseImages, limits, clock, logger });
  // Any number may sweep at once; with several nodes those that work do.
  const sweeper = works ? createSweeper({ storage, blobs, incoming, limits, clock, logger }) : undefined;

  function allRoutes(): Route[] {
    const quota = createQuota(storage, limits);
    const collections = createCollectionLookup(storage);
    const beginPatience = createPatience(clock, closing.signal);
    const jobAfter = createJobAfter({ storage, hub });
    const receiver = createReceiver({ storage, incoming, engine, space, limits, clock });
    return createRoutes({
      ...eventTools,
      ...probeTools,
      engine,
      version,
      collections,
      secrets,
      logins: createLoginGate(createLoginLimiter(clock, limits)),
      quota,
      receiver,
      eraseImages,
      startJob: createStartJob({
        storage,
        collections,
        quota,
        receiver,
        lookUp: works ? createLookUp({ storage, worker, clock, logger }) : undefined,
        beginPatience,
        jobAfter,
        limits,
        clock,
      }),
      jobAfterWait: createJobAfterWait(storage, beginPatience, jobAfter),
    });
  }
  const app = createApp({
    ...(role === "worker"
      ? {
          routes: probeRoutes(probeTools),
          unknownRoute: "this node is a worker and answers only /healthz and /readyz: ask an API node",
        }
      : { routes: allRoutes(), unknownRoute: "no such route: see /openapi.json" }),
    tokens,
    origins: limits.origins,
    logger,
  });
  const proven = works ? prove() : Promise.resolve();
  proven.catch(() => {}); // told by ready() and /readyz

  /** Jobs wait for the proof too: with damaged weights every one of them would end with a wrong result. */
  async function prove(): Promise<void> {
    notReady = "the engine is proving itself: try again in a moment";
    try {
      await engine.warm();
    } catch (error) {
      notReady = "the engine does not recognise its known image: run `prosopon doctor`";
      logger.fatal({ err: error }, notReady);
      throw error;
    }
    try {
      await agreeOnRecogniser(storage, engine.info(), clock, closing.signal);
    } catch (error) {
      if (closing.signal.aborted) return;
      notReady = error instanceof Error ? error.message : String(error);
      logger.fatal({ err: error }, "this node cannot work on the data");
      throw error;
    }
    if (going) return;
    notReady = undefined;
    worker.start();
  }

  function drain(): void {
    going = true;
    notReady = "the node is going away";
    // A worker has no callers to serve on for: what it would claim now, another does sooner.
    if (role === "worker") void stopWorker();
  }
  let stopped: Promise<void> | undefined;
  const stopWorker = () => (stopped ??= worker.stop());

  return {
    fetch: app,
    events: { connect: (socket, request) => serveEventSocket(eventTools, socket, request) },
    worker,
    accounts: createAccounts({ storage, clock, secrets }),
    onSessionEnd: tokens.onEnd,
    ready: () => proven,
    drain,
    async close() {
      drain();
      closing.abort();
      streams.close();
      await Promise.all([sweeper?.stop(), stopWorker()]);
      hub.close();
    },
  };
}
