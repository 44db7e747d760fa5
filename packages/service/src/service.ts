import type { Engine } from "@prosopon/engine";
import { pino, type Logger } from "pino";
import { createAccounts, type Accounts } from "./accounts.ts";
import { createApp, type Peer } from "./app.ts";
import { createLoginLimiter } from "./auth/limiter.ts";
import { createSecrets } from "./auth/secrets.ts";
import { createTokens } from "./auth/tokens.ts";
import type { BlobStore } from "./blobs/types.ts";
import { systemClock, type Clock } from "./clock.ts";
import type { Deps } from "./deps.ts";
import { createHub } from "./events/hub.ts";
import { connect, type EventSocket } from "./events/socket.ts";
import { createStreams } from "./events/streams.ts";
import { createQuota } from "./jobs/quota.ts";
import { createSweeper } from "./jobs/sweeper.ts";
import { createWorker, type Worker } from "./jobs/worker.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import type { Storage } from "./storage/types.ts";

export interface ServiceOptions {
  storage: Storage;
  blobs: BlobStore;
  engine: Engine;
  clock?: Clock;
  /** Silent without one. */
  logger?: Logger;
  limits?: Partial<Limits>;
  /** As `GET /v1/server` tells it. */
  version?: string;
}

export interface Service {
  /** The whole HTTP API. Never rejects. */
  fetch(request: Request, peer?: Peer): Promise<Response>;
  readonly events: {
    /** Serves the WebSocket of `GET /v1/events` over a socket that is open already. */
    connect(socket: EventSocket, request: { url: string; headers: Headers }): void;
  };
  /** Runs by itself once the engine has proved itself; its `stop` is part of `close`. */
  readonly worker: Worker;
  readonly accounts: Accounts;
  /** Resolves when the engine has recognised its known image; rejects when it cannot. `/readyz` follows it. */
  ready(): Promise<void>;
  /** Ends streams, lets the jobs in hand finish or hands them back. The storage, blobs and engine stay their owner's. */
  close(): Promise<void>;
}

export function createService(options: ServiceOptions): Service {
  const {
    storage,
    blobs,
    engine,
    clock = systemClock,
    logger = pino({ level: "silent" }),
    version = "0.0.0",
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  let notReady: string | undefined = "the engine is proving itself: try again in a moment";
  const secrets = createSecrets();
  const closing = new AbortController();
  const deps: Deps = {
    storage,
    blobs,
    engine,
    clock,
    logger,
    limits,
    version,
    secrets,
    tokens: createTokens({ storage, clock }),
    logins: createLoginLimiter(clock, limits),
    hub: createHub(storage),
    streams: createStreams(limits),
    quota: createQuota(storage, limits),
    receiving: new Set(),
    closing: closing.signal,
    notReady: () => notReady,
  };
  const worker = createWorker(deps);
  const sweeper = createSweeper(deps);

  // Jobs wait for the proof too: with damaged weights every one of them would end wrongly.
  const proven = engine.warm().then(
    () => {
      if (closing.signal.aborted) return;
      notReady = undefined;
      worker.start();
    },
    (error: unknown) => {
      notReady = "the engine does not recognise its known image: run `prosopon doctor`";
      logger.fatal({ err: error }, notReady);
      throw error;
    },
  );
  proven.catch(() => {}); // told by ready() and /readyz

  return {
    fetch: createApp(deps),
    events: { connect: (socket, request) => connect(deps, socket, request) },
    worker,
    accounts: createAccounts({ storage, clock, secrets }),
    ready: () => proven,
    async close() {
      closing.abort();
      notReady = "the server is going away";
      deps.streams.close();
      sweeper.stop();
      await worker.stop();
      deps.hub.close();
      deps.quota.close();
    },
  };
}
