/** A service and its gateway in one process of their own, so that their memory is theirs: started by the benches with fork(). */
import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createAdaptorServer } from "@hono/node-server";
import { createClient } from "@prosopon/core";
import { isFinalStatus } from "@prosopon/core/contract";
import { createEngine } from "@prosopon/engine";
import { createGateway } from "@prosopon/graphql";
import { serve } from "@prosopon/graphql/node";
import { createService, openLocalBlobs } from "@prosopon/service";
import { attachWebSocket, nodeServerOptions } from "@prosopon/service/node";
import { openSqliteStorage } from "@prosopon/service/sqlite";
import { createFakeEngine } from "./fake-engine.ts";

export type ToServer = "go" | "memory" | "stop";
export type FromServer =
  | { type: "ready"; rest: string; graphql: string; clientId: string; secretId: string }
  /** A job's final state was committed; milliseconds since the epoch, with fractions. */
  | { type: "final"; jobId: string; at: number }
  | { type: "memory"; rss: number };

// As a flag of the process it would also reach the engine's worker threads, which refuse it.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const send = (message: FromServer): void => void process.send?.(message);
const { promise: gate, resolve: open } = Promise.withResolvers<void>();

const directory = await mkdtemp(path.join(tmpdir(), "prosopon-bench-"));
const storage = await openSqliteStorage({ directory });
const blobs = await openLocalBlobs(path.join(directory, "blobs"));
const engine = process.argv[2] === "real" ? createEngine() : createFakeEngine(gate);
const service = createService({ storage, blobs, engine });
const rest = createAdaptorServer({ ...nodeServerOptions(service), overrideGlobalObjects: false }) as Server;
attachWebSocket(rest, service);
await new Promise<void>((resolve) => void rest.listen(0, "127.0.0.1", resolve));
const gateway = createGateway({ client: (auth) => createClient({ fetch: service.fetch, ...auth }) });
const { url, close } = await serve(gateway);

storage.events.listen(({ jobId, status }) => {
  if (isFinalStatus(status)) send({ type: "final", jobId, at: performance.timeOrigin + performance.now() });
});

process.on("message", (message: ToServer) => {
  if (message === "go") open();
  if (message === "memory") {
    collect();
    collect();
    send({ type: "memory", rss: process.memoryUsage().rss });
  }
  if (message === "stop") void stop();
});

async function stop(): Promise<void> {
  open();
  await close();
  await service.close();
  await Promise.all([storage.close(), blobs.close(), engine.close()]);
  rest.closeAllConnections();
  await rm(directory, { recursive: true, force: true });
  process.exit(0);
}

await service.ready();
const { clientId, secretId } = await service.accounts.create({ name: "bench" });
send({
  type: "ready",
  rest: `http://127.0.0.1:${(rest.address() as AddressInfo).port}`,
  graphql: url,
  clientId,
  secretId,
});
