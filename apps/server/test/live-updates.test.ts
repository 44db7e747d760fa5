import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { form, FRANCK, login, photo, type Api } from "./api.ts";
import type { RunningServer } from "./command.ts";
import { cluster, madeAccount, noPostgres } from "./nodes.ts";

interface Change {
  cursor: string;
  job: { jobId: string; status: string };
}

const IDENTITY = "/innovation-service/identity";
const ALL = "subscription ($after: String) { jobsUpdated(after: $after) { cursor job { jobId status } } }";
const ONE = "subscription ($id: ID!) { jobUpdated(id: $id) { status } }";
/** From the account's first change on, however late the node hears of the subscription. */
const BEGINNING = { after: "0" };
const STEPS = ["SENT", "STARTED", "SUCCEEDED"];

describe.skipIf(noPostgres !== undefined)(
  `GraphQL subscribers of several nodes${noPostgres ? `: ${noPostgres}` : ""}`,
  () => {
    let apis: [RunningServer, RunningServer];
    let worker: RunningServer;
    let one: Api;
    let two: Api;
    beforeAll(async () => {
      const nodes = await cluster();
      const all = await Promise.all((["api", "api", "worker"] as const).map((role) => nodes.node(role)));
      apis = [all[0]!, all[1]!];
      worker = all[2]!;
      const account = madeAccount(all);
      one = await login(apis[0].url, account);
      two = await login(apis[1].url, account);
    });
    afterAll(async () => {
      await Promise.all([apis[0], worker].map((node) => node.stop()));
    });

    it("are told by one node, in order, what a worker does for a job that another node took", async () => {
      const { told, close } = await subscribe<{ jobsUpdated: Change }>(
        apis[1].url,
        two.token,
        ALL,
        BEGINNING,
      );
      const jobId = await enrol(one);
      const single = await subscribe<{ jobUpdated: { status: string } }>(apis[1].url, two.token, ONE, {
        id: jobId,
      });
      await vi.waitFor(() => expect(told).toHaveLength(3), 120_000);
      expect(told.map(({ jobsUpdated: { job } }) => job)).toEqual(STEPS.map((status) => ({ jobId, status })));
      // Of one job: from the state that it had, to the end, which ends the subscription.
      await single.completed;
      const states = single.told.map(({ jobUpdated }) => jobUpdated.status);
      expect(states.at(-1)).toBe("SUCCEEDED");
      expect(states).toEqual(STEPS.slice(-states.length));
      await close();
    });

    it("go on after their cursor at another node when theirs is killed: nothing is left out, nothing told twice", async () => {
      const first = await subscribe<{ jobsUpdated: Change }>(apis[1].url, two.token, ALL, BEGINNING);
      const jobs = [await enrol(one)];
      const statuses = () =>
        jobs.map((jobId) => changes().flatMap(({ job }) => (job.jobId === jobId ? job.status : [])));
      let second: typeof first | undefined;
      const changes = () => [...first.told, ...(second?.told ?? [])].map(({ jobsUpdated }) => jobsUpdated);
      await vi.waitFor(() => expect(statuses()[0]).toContain("SENT"), 120_000);
      apis[1].kill("SIGKILL");
      await first.closed;
      jobs.push(await enrol(one), await enrol(one));
      // One of them ends while nobody listens.
      expect((await one.end(IDENTITY, jobs[1]!)).status).toBe("Succeeded");
      const after = changes().at(-1)!.cursor;
      second = await subscribe(apis[0].url, one.token, ALL, { after });
      await vi.waitFor(() => expect(statuses()).toEqual([STEPS, STEPS, STEPS]), 120_000);
      const cursors = changes().map(({ cursor }) => Number(cursor));
      expect(cursors).toEqual(cursors.map((_, index) => index + 1));
      await second.close();
    });
  },
);

async function enrol(api: Api): Promise<string> {
  const images = form({ field: "input_images", blobs: [await photo(FRANCK[0]!)] });
  const { status, body } = await api.call("POST", IDENTITY, images);
  if (status !== 200) throw new Error(`an enrolment was answered ${status}`);
  return body.job_id;
}

interface Subscription<T> {
  told: T[];
  /** The server has no more to tell. */
  completed: Promise<void>;
  closed: Promise<unknown>;
  close(): Promise<void>;
}

/** One subscription over a socket of its own, by graphql-ws's protocol. */
async function subscribe<T>(
  url: string,
  token: string,
  query: string,
  variables: Record<string, string> = {},
): Promise<Subscription<T>> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  const closed = once(socket, "close");
  const told: T[] = [];
  const acknowledged = Promise.withResolvers<void>();
  const completed = Promise.withResolvers<void>();
  const say = (message: object) => socket.send(JSON.stringify(message));
  socket.addEventListener("message", ({ data }) => {
    const { type, payload } = JSON.parse(String(data)) as { type: string; payload?: { data: T } };
    if (type === "connection_ack") acknowledged.resolve();
    if (type === "next") told.push(payload!.data);
    if (type === "complete") completed.resolve();
    if (type === "ping") say({ type: "pong" });
  });
  await once(socket, "open");
  say({ type: "connection_init", payload: { token } });
  await acknowledged.promise;
  say({ id: "1", type: "subscribe", payload: { query, variables } });
  return {
    told,
    completed: completed.promise,
    closed,
    async close() {
      socket.close();
      await closed;
    },
  };
}
