import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createAdaptorServer } from "@hono/node-server";
import { attachWebSocket, nodeServerOptions } from "@prosopon/service/node";
import { createClient } from "graphql-ws";
import { beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type Answer, atEnd, type Fixture, photo, start } from "./fixture.ts";

const child = fileURLToPath(new URL("adapters/child.js", import.meta.url));
const bin = fileURLToPath(new URL("../../../node_modules/.bin", import.meta.url));
const runtimes = {
  node: [process.execPath, child],
  bun: [`${bin}/bun`, child],
  deno: [`${bin}/deno`, "run", "-A", "--no-remote", "--node-modules-dir=manual", child],
};

let fixture: Fixture;
let upstream: string;

beforeAll(async () => {
  if (!existsSync(new URL("../dist/index.js", import.meta.url)))
    throw new Error("These tests run the built package: `pnpm build` first.");
  fixture = await start();
  const server = createAdaptorServer(nodeServerOptions(fixture.service)) as Server;
  const detach = attachWebSocket(server, fixture.service);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  atEnd(async () => {
    detach();
    server.closeAllConnections();
    server.close();
  });
});

describe.each(Object.entries(runtimes))("on %s", (name, [command, ...args]) => {
  it("an upload becomes a job that a subscription follows to its end", async () => {
    const process_ = spawn(command!, [...args, name, upstream], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NODE_OPTIONS: "", DENO_NO_UPDATE_CHECK: "1" },
    });
    atEnd(async () => process_.kill("SIGKILL"));
    const url = await new Promise<string>((resolve, reject) => {
      createInterface(process_.stdout).once("line", resolve);
      process_.once("exit", (code) => reject(new Error(`${name} ended with ${code}`)));
    });

    const body = new FormData();
    body.append(
      "operations",
      JSON.stringify({
        query:
          "mutation ($input: CreateIdentityInput!) { createIdentity(input: $input) { ... on EnrolmentJob { id } ... on Error { message } } }",
        variables: { input: { images: [null, null] } },
      }),
    );
    body.append("map", JSON.stringify({ 0: ["variables.input.images.0"], 1: ["variables.input.images.1"] }));
    body.append("0", await photo("franck_01829.jpg"), "a.jpg");
    body.append("1", await photo("franck_02045.jpg"), "b.jpg");
    const created = (await (
      await fetch(url, { method: "POST", headers: { authorization: `Bearer ${fixture.token}` }, body })
    ).json()) as Answer;
    const { id } = created.data.createIdentity;

    const query =
      "subscription ($id: ID!) { jobUpdated(id: $id) { status done ... on EnrolmentJob { identity { faces { id } } } } }";
    const socket = createClient({
      url: url.replace("http", "ws"),
      webSocketImpl: WebSocket,
      connectionParams: { token: fixture.token },
      retryAttempts: 0,
    });
    const seen: Answer["data"][] = [];
    for await (const { data } of socket.iterate({ query, variables: { id } }))
      seen.push((data as Answer["data"]).jobUpdated);
    expect(seen.at(-1)).toMatchObject({ status: "SUCCEEDED", done: true });
    expect(seen.at(-1).identity.faces).toHaveLength(2);
    expect(seen.filter(({ done }) => done)).toHaveLength(1);

    const events = await fetch(url, {
      method: "POST",
      headers: {
        accept: "text/event-stream",
        "content-type": "application/json",
        authorization: `Bearer ${fixture.token}`,
      },
      body: JSON.stringify({ query, variables: { id } }),
    });
    expect(await events.text()).toContain('"status":"SUCCEEDED"');

    const refused = createClient({
      url: url.replace("http", "ws"),
      webSocketImpl: WebSocket,
      connectionParams: {},
      retryAttempts: 0,
    });
    const close = await refused
      .iterate({ query, variables: { id } })
      .next()
      .then(
        () => undefined,
        (event: unknown) => event,
      );
    expect(close).toMatchObject({ code: 4403 });

    await socket.dispose();
    const exited = new Promise((resolve) => process_.once("exit", resolve));
    process_.stdin.end();
    expect(await exited).toBe(0);
  });
});
