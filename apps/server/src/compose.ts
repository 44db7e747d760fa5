import { AsyncLocalStorage } from "node:async_hooks";
import type { Server } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "@prosopon/core";
import { createEngine } from "@prosopon/engine";
import {
  createService,
  defaultLimits,
  openDatabaseClock,
  type Peer,
  type Role,
  type Service,
  type SpaceOptions,
  type Storage,
} from "@prosopon/service";
import { createEventSockets, EVENTS_PATH } from "@prosopon/service/node";
import { createGateway, type GatewayLogger } from "@prosopon/graphql";
import { createSockets } from "@prosopon/graphql/node";
import type { Logger } from "pino";
import manifest from "../package.json" with { type: "json" };
import { clientAddress, type TrustedProxies } from "./client-address.ts";
import { openBlobs, whereOf, type BlobsOptions } from "./blobs.ts";
import { DEMO_ACCOUNT_PATH, offerDemoAccount, type DemoOffer } from "./demo-account.ts";
import { createPages } from "./pages.ts";
import { s3Options } from "./s3-options.ts";
import { openStorage, type StorageOptions } from "./storage.ts";
import { settle } from "./place.ts";
import { serveUpgrades, type UpgradeOptions } from "./upgrades.ts";

export type OpenOptions = StorageOptions &
  BlobsOptions & {
    /** Default `all`. */
    role?: Role;
    threads: number;
    maxPixels: number;
    /** In MiB. Default: the engine's. */
    decodeMemory?: number;
    /** Of one account; default: the service's. */
    unfinishedJobs?: number;
    pendingBytes?: number;
    uploadsAtOnce?: number;
    /** Bytes on each disk; default: an eighth of it, at most 256 MiB. */
    minFreeSpace?: number | undefined;
    maxIdentities?: number;
    maxFaces?: number;
    /** Default: none, and no header is believed. */
    trustedProxies?: TrustedProxies | undefined;
    /** Connections and WebSockets of one address. Default 1,000. */
    connectionsPerAddress?: number;
    logger?: Logger;
  };

const DEFAULT_CONNECTIONS_PER_ADDRESS = 1_000;

export interface OpenService {
  service: Service;
  storage: Storage;
  /** Ends the work in hand or hands it back, then closes storage, blobs and engine. */
  close(): Promise<void>;
}

export interface Composition extends OpenService {
  /** API, gateway and playground, told apart by path. Never rejects. */
  fetch(request: Request, peer?: Peer): Promise<Response>;
  /** Serves the WebSockets of the same paths on a Node server; returns the detach. */
  attach(server: Server): () => Promise<void>;
  /** What `/demo-account.json` answers from now on. */
  offerDemo(offer: DemoOffer | undefined): void;
}

/** The one place where the parts are put together: storage, pending images, engine, service. */
export async function openService(options: OpenOptions): Promise<OpenService> {
  const { role = "all", threads, maxPixels, decodeMemory, logger } = options;
  const shared = options.databaseUrl !== undefined;
  const storage = await openStorage(options, { exclusive: true, logger });
  const closeStorage = async (error: unknown): Promise<never> => {
    await storage.close();
    throw error;
  };
  const store = await openBlobs(options, { shared }).catch(closeStorage);
  const blobs = await settle(storage, store, {
    where: whereOf(options),
    own: options.blobs === undefined && !shared,
    logger,
  }).catch(async (error) => {
    await store.close();
    return closeStorage(error);
  });
  const clock = shared
    ? await openDatabaseClock(storage, logger && { logger }).catch(closeStorage)
    : undefined;
  // Starts its threads with the first image: an API node has none.
  const engine = createEngine({
    threads,
    maxPixels,
    ...(decodeMemory !== undefined && { decodeMemory: decodeMemory * 2 ** 20 }),
  });
  const service = createService({
    storage,
    blobs,
    engine,
    role,
    ...(clock && { clock }),
    limits: {
      // Another node cannot tell what this one is still receiving, and an enrolment's first image may wait for its last one long.
      orphanAgeMs: shared ? 24 * defaultLimits.orphanAgeMs : defaultLimits.orphanAgeMs,
      ...quotas(options),
    },
    space: { places: places(options), minFreeBytes: options.minFreeSpace },
    version: manifest.version,
    ...(logger && { logger }),
  });
  return {
    service,
    storage,
    async close() {
      await service.close();
      clock?.close();
      await engine.close();
      await blobs.close();
      await storage.close();
    },
  };
}

/** Directories that this node writes data to. */
function places({ data, databaseUrl, blobs }: OpenOptions): SpaceOptions["places"] {
  const images = blobs ?? join(data, "blobs");
  return [
    ...(databaseUrl === undefined ? [{ name: "the data directory", directory: data }] : []),
    ...(s3Options(images) ? [] : [{ name: "the pending images", directory: images }]),
  ];
}

function quotas({
  unfinishedJobs = defaultLimits.unfinishedJobs,
  pendingBytes = defaultLimits.pendingBytes,
  uploadsAtOnce = defaultLimits.uploadsAtOnce,
  maxIdentities: identities = defaultLimits.identities,
  maxFaces: faces = defaultLimits.faces,
}: OpenOptions) {
  return { unfinishedJobs, pendingBytes, uploadsAtOnce, identities, faces };
}

/** The service with all that shares its port. */
export async function compose(options: OpenOptions): Promise<Composition> {
  const opened = await openService(options);
  return options.role === "worker" ? probesOnly(opened, options) : withGateway(opened, options);
}

function probesOnly(opened: OpenService, options: OpenOptions): Composition {
  return {
    ...opened,
    fetch: opened.service.fetch,
    attach(server) {
      const detach = serveUpgrades(server, new Map(), upgradeOptions(options));
      return async () => detach();
    },
    offerDemo() {},
  };
}

function withGateway({ service, storage, close }: OpenService, options: OpenOptions): Composition {
  // Whom an operation of the gateway comes from, so that wrong logins count for that address here too.
  const caller = new AsyncLocalStorage<Peer>();
  // The gateway is a client like any other: its calls pass through the same routes, in this process.
  const gateway = createGateway({
    client: (auth) =>
      createClient({
        fetch: (request) => service.fetch(request, caller.getStore()),
        ...auth,
        // What is in this process is patient itself, for 14 s: callers are told within 15 s that it is no use, or of a quota.
        retries: 0,
      }),
    graphiql: true,
    ...(options.logger && { logger: gatewayLogger(options.logger) }),
  });
  const forgetSessions = service.onSessionEnd(gateway.sessionEnded);
  const pages = createPages(fileURLToPath(new URL("./playground", import.meta.url)));
  let demo: DemoOffer | undefined;
  return {
    service,
    storage,
    async close() {
      forgetSessions();
      await gateway.close();
      await close();
    },
    async fetch(request, peer) {
      const { pathname } = new URL(request.url);
      if (pathname === DEMO_ACCOUNT_PATH) return offerDemoAccount(request, peer?.address, demo);
      const address = clientAddress(
        peer?.address,
        request.headers.get("x-forwarded-for"),
        options.trustedProxies,
      );
      const from: Peer = address === undefined ? {} : { address };
      if (pathname === gateway.path) return caller.run(from, () => gateway.fetch(request));
      return (await pages?.(request)) ?? service.fetch(request, from);
    },
    attach(server) {
      const events = createEventSockets(service);
      const subscriptions = createSockets(gateway);
      const paths = new Map([
        [EVENTS_PATH, events],
        [gateway.path, subscriptions],
      ]);
      const detach = serveUpgrades(server, paths, upgradeOptions(options));
      return async () => {
        detach();
        events.close();
        await subscriptions.close();
      };
    },
    offerDemo: (offer) => void (demo = offer),
  };
}

const upgradeOptions = ({ trustedProxies, connectionsPerAddress, logger }: OpenOptions): UpgradeOptions => ({
  addressOf: ({ socket, headers }) =>
    clientAddress(socket.remoteAddress, String(headers["x-forwarded-for"] ?? ""), trustedProxies),
  perAddress: connectionsPerAddress ?? DEFAULT_CONNECTIONS_PER_ADDRESS,
  logger,
});

const gatewayLogger = (logger: Logger): GatewayLogger => ({
  error: ({ error, ...fields }, message) => logger.error({ ...fields, err: error }, message),
});
