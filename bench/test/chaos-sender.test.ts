import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createClient } from "@prosopon/core";
import { afterEach, describe, expect, it } from "vitest";
import { type Attempt, type Sight, send } from "../chaos/sender.ts";

const undo: (() => void)[] = [];
afterEach(() => undo.splice(0).forEach((work) => work()));

const SERVER = {
  name: "prosopon",
  version: "0.0.0",
  models: [],
  thresholds: { recognized: 0.9, listed: 0.85 },
  calibration: [],
  capabilities: ["v1"],
  limits: { upload_bytes: 1e6, image_pixels: 1e6, images_per_job: 5 },
};

/** Enrols the first person, and hangs up without an answer. */
async function deafServer(): Promise<string> {
  let taken: string | undefined;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    const id = /name="external_id"\r\n\r\n(\S+)/.exec(body)?.[1];
    response.setHeader("content-type", "application/json");
    if (request.url === "/v1/server") response.end(JSON.stringify(SERVER));
    else if (request.method !== "POST") response.writeHead(404).end("{}");
    else if (taken === undefined) {
      taken = id;
      request.socket.destroy();
    } else if (id === taken) response.writeHead(409).end('{"message":"the external id is taken"}');
    else response.writeHead(202).end('{"job_id":"job-of-another"}');
  };
  const server = createServer((request, response) => void answer(request, response));
  undo.push(() => server.close().closeAllConnections());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a sender whose enrolment was carried out without an answer", () => {
  it("sends somebody else once it hears that the external id is taken, and keeps both in its book", async () => {
    const over = new AbortController();
    undo.push(() => over.abort());
    const client = createClient({ baseUrl: await deafServer(), token: "a.b.c" });
    const attempts: Attempt[] = [];
    const sights: Sight[] = [];
    const orders = [{ kind: "enrol", named: true } as const];
    await send({
      client,
      account: "alice",
      photo: () => new Uint8Array([0xff, 0xd8, 0xff]),
      next: async () => orders.pop(),
      alsoWatch: () => undefined,
      attempts,
      sights,
      watchMs: 200,
      signal: over.signal,
    });
    const [lost, taken, other] = attempts;
    expect(attempts).toHaveLength(3);
    expect(lost).toMatchObject({ failure: "the connection was cut", tag: taken!.tag });
    expect(taken!.failure).toMatch(/^HTTP 409/);
    expect(other).toMatchObject({ jobId: "job-of-another" });
    expect(other!.tag).not.toBe(lost!.tag);
  });
});
