import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Client } from "@prosopon/core";
import type { Credentials } from "@prosopon/service";
import type { Photos } from "./photos.ts";
import { nameOf, send, type Attempt, type Order, type Sight } from "./sender.ts";
import { followGraphql, followStream, watchByGraphql, type GraphqlAt, type Stream } from "./streams.ts";

export interface CrowdOptions {
  url: string;
  accounts: Credentials[];
  clients: number;
  /** Of each kind. */
  jobs: number;
  /** Jobs that become sendable per second, so that the storm lasts. */
  jobsPerSecond: number;
  photos: Photos;
  watchMs: number;
  signal: AbortSignal;
}

export interface Crowd {
  attempts: Attempt[];
  sights: Sight[];
  streams: Stream[];
  /** Token refreshes in the middle of it all, by how they went. */
  refreshes: Map<string, number>;
  /** Acknowledged jobs against all that there will be. */
  progress(): number;
  /** When every job is acknowledged. */
  sent: Promise<void>;
  /** When every job's watches have ended. */
  watched: Promise<void>;
  /** The clients, logged in. */
  clients: Client[];
}

/** Jobs that one client has under way. */
const AT_ONCE = 4;
/** Every so many jobs are also watched through the gateway. */
const GRAPHQL_EVERY = 8;
const REFRESH_MS = 7_000;

/** Clients that send, half of them hearing by WebSocket and half by Server-Sent Events, and subscribers of all accounts. */
export async function gather(options: CrowdOptions): Promise<Crowd> {
  const { url, accounts, jobs, photos, watchMs, signal } = options;
  const attempts: Attempt[] = [];
  const sights: Sight[] = [];
  const streams: Stream[] = [];
  const refreshes = new Map<string, number>();
  const total = jobs * 2;
  const allSent = Promise.withResolvers<void>();
  let taken = 0;
  let followed = 0;

  const graphql = accounts.map((credentials) => graphqlOf(url, credentials));
  const seats = Array.from({ length: options.clients }, (_, index) => {
    const place = index % accounts.length;
    const bySocket = Math.floor(index / accounts.length) % 2 === 0;
    const create = () =>
      createClient({ baseUrl: url, ...accounts[place]!, ...(!bySocket && { WebSocket: null }) });
    const by: Stream["by"] = bySocket ? "websocket" : "sse";
    return {
      at: graphql[place]!,
      account: accounts[place]!.clientId,
      by,
      client: create(),
      listener: create(),
    };
  });
  // Before the storm, so that it is not about who gets in.
  for (const { client, listener } of seats) await Promise.all([client.server(), listener.server()]);
  for (const at of graphql) await at.token();

  const began = performance.now();
  const open = (account: string, by: Stream["by"]): Stream => {
    const stream: Stream = { account, by, told: [], resumed: new Map() };
    streams.push(stream);
    return stream;
  };
  const acknowledged = () => attempts.reduce((count, { jobId }) => count + (jobId ? 1 : 0), 0);

  async function next(): Promise<Order | undefined> {
    if (taken >= total || signal.aborted) return undefined;
    const index = taken++;
    const due = began + (index * 1000) / options.jobsPerSecond - performance.now();
    if (due > 0) await sleep(due, undefined, { signal }).catch(() => {});
    if (signal.aborted) return undefined;
    return { kind: index % 2 === 0 ? "enrol" : "search", named: index % 4 === 0 };
  }

  const all = seats.map(({ at, account, by, client, listener }, index) => {
    void followStream(listener, open(account, by), signal);
    if (index % 2 === 0) void refreshNowAndThen(client, refreshes, signal);
    const sending = {
      client,
      account,
      photo: photos.next,
      next,
      alsoWatch: ({ id }: { id: string }) =>
        ++followed % GRAPHQL_EVERY === 0 ? watchByGraphql(at, id, signal) : undefined,
      attempts,
      sights,
      watchMs,
      signal,
    };
    return Promise.all(Array.from({ length: AT_ONCE }, () => send(sending)));
  });
  for (const [index, at] of graphql.entries())
    void followGraphql(at, open(accounts[index]!.clientId, "graphql"), signal);

  const look = setInterval(() => acknowledged() >= total && allSent.resolve(), 200);
  signal.addEventListener("abort", () => allSent.resolve());
  void allSent.promise.then(() => clearInterval(look));
  return {
    attempts,
    sights,
    streams,
    refreshes,
    progress: () => acknowledged() / total,
    sent: allSent.promise,
    watched: Promise.all(all).then(() => {}),
    clients: seats.map(({ client }) => client),
  };
}

/** A token outlives the storm. */
function graphqlOf(url: string, credentials: Credentials): GraphqlAt {
  const client = createClient({ baseUrl: url, ...credentials });
  let token: Promise<string> | undefined;
  return {
    url,
    token: () =>
      (token ??= client.auth.login().then(
        (answer) => answer.token,
        (error: unknown) => {
          token = undefined;
          throw error;
        },
      )),
  };
}

/** A refresh whose answer is lost spends the refresh token: the next one ends the session, and the client logs in again. */
async function refreshNowAndThen(client: Client, refreshes: Map<string, number>, signal: AbortSignal) {
  while (!signal.aborted) {
    await sleep(REFRESH_MS * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const outcome = await client.auth.refresh({ signal }).then(() => "done", nameOf);
    if (!signal.aborted) refreshes.set(outcome, (refreshes.get(outcome) ?? 0) + 1);
  }
}
