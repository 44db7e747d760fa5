/** A service in a process of its own, for tests that measure or kill one. Tells its port, and its memory when asked. */
import { createAdaptorServer } from "@hono/node-server";
import { createEngine } from "@prosopon/engine";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { createService, openLocalBlobs } from "../src/index.ts";
import { nodeServerOptions } from "../src/node.ts";
import { openSqliteStorage } from "../src/sqlite.ts";

const directory = process.argv[2]!;
const credentials = { clientId: "test", secretId: "test-secret" };
const storage = await openSqliteStorage({ directory });
const blobs = await openLocalBlobs(path.join(directory, "blobs"));
const service = createService({ storage, blobs, engine: createEngine({ threads: 1 }) });
if (!(await storage.accounts.byClientId(credentials.clientId))) await service.accounts.create(credentials);
await service.ready();
const server = createAdaptorServer(nodeServerOptions(service)) as Server;
await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));

let peak = 0;
setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
process.on("message", () => {
  process.send!({ rss: process.memoryUsage.rss(), peak });
  peak = 0;
});
process.on("disconnect", () => process.exit());
process.send!({ port: (server.address() as AddressInfo).port, ...credentials });
