import { createClient, type Client } from "graphql-ws";
import sharp from "sharp";
import { WebSocket } from "ws";
import type { Bench } from "./bench.ts";
import { quantile, round } from "./gateway/figures.ts";
import { startServer, type Started } from "./gateway/start.ts";

const SUBSCRIPTIONS = 1_000;
const JOBS = 200;
/** How often the follower's socket is cut while the jobs end. */
const DROPS = 10;

interface Outcome {
  delays: number[];
  finals: number;
  doubled: number;
}

export const bench: Bench = {
  summary:
    "1,000 open subscriptions over graphql-ws, 200 jobs finishing; recognition is faked, the figure is about the gateway",
  async run() {
    const server = await startServer("fake");
    try {
      const jobs = await startJobs(server);
      const before = await server.memory();
      const clients = Array.from({ length: SUBSCRIPTIONS }, () => socket(server));
      const { promise: open, resolve: allOpen } = Promise.withResolvers<void>();
      let waiting = SUBSCRIPTIONS;
      const outcomes = clients.map((client, index) =>
        follow(client, jobs[index % JOBS]!, server, () => {
          if (--waiting === 0) allOpen();
        }),
      );
      await open;
      const after = await server.memory();
      const follower = followAll(server, jobs);
      await follower.first;
      server.tell("go");
      const all = await Promise.all(outcomes);
      const resumed = await follower.done;
      await Promise.all(clients.map(async (client) => client.dispose()));

      const delays = all.flatMap((outcome) => outcome.delays);
      const missing = all.filter(({ finals }) => finals === 0).length;
      const doubled = all.reduce((sum, outcome) => sum + outcome.doubled, 0);
      const kilobytes = round((after - before) / SUBSCRIPTIONS / 1024, 1);
      const [p50, p99] = [round(quantile(delays, 0.5)), round(quantile(delays, 0.99))];
      return {
        tables: [
          {
            title: `${SUBSCRIPTIONS} subscriptions (a socket each), ${JOBS} jobs finishing`,
            rows: [
              {
                "state change to client, p50 ms": p50,
                "p99 ms": p99,
                "final states missing": missing,
                doubled,
                "memory per subscription, kB": kilobytes,
              },
            ],
          },
          {
            title: `one follower of the account, its socket cut ${resumed.drops} times`,
            rows: [
              {
                "jobs ended": JOBS,
                "final states received": resumed.received,
                missing: JOBS - resumed.received,
                doubled: resumed.doubled,
              },
            ],
          },
        ],
        figures: {
          "delay.p50_ms": p50,
          "delay.p99_ms": p99,
          "final_states.missing": missing,
          "final_states.doubled": doubled,
          memory_per_subscription_kb: kilobytes,
          "resume.drops": resumed.drops,
          "resume.missing": JOBS - resumed.received,
          "resume.doubled": resumed.doubled,
        },
        goals: [
          {
            name: "median delay from state change to client",
            value: p50,
            goal: 50,
            direction: "<=",
            unit: "ms",
          },
          {
            name: "subscribers without, or with a doubled, final state",
            value: missing + doubled,
            goal: 0,
            direction: "<=",
            unit: "subscribers",
          },
          {
            name: "final states missing or doubled across dropped sockets",
            value: JOBS - resumed.received + resumed.doubled,
            goal: 0,
            direction: "<=",
            unit: "states",
          },
        ],
      };
    } finally {
      await server.stop();
    }
  },
};

async function startJobs({ rest, token }: Started): Promise<string[]> {
  const image = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#987" } })
    .jpeg()
    .toBuffer();
  const ids: string[] = [];
  for (let index = 0; index < JOBS; index++) {
    const body = new FormData();
    body.append("input_image", new Blob([new Uint8Array(image)]), "photo.jpg");
    const response = await fetch(`${rest}/innovation-service/identity/search`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body,
    });
    ids.push(((await response.json()) as { job_id: string }).job_id);
  }
  return ids;
}

function socket({ graphql, token }: Started): Client {
  return createClient({
    url: graphql.replace("http", "ws"),
    webSocketImpl: WebSocket,
    connectionParams: { token },
    retryAttempts: 0,
    lazyCloseTimeout: 60_000,
  });
}

async function follow(client: Client, id: string, { finals }: Started, opened: () => void): Promise<Outcome> {
  const outcome: Outcome = { delays: [], finals: 0, doubled: 0 };
  let first = true;
  for await (const { data } of client.iterate<{ jobUpdated: { done: boolean } }>({
    query: "subscription ($id: ID!) { jobUpdated(id: $id) { jobId status done } }",
    variables: { id },
  })) {
    if (first) opened();
    first = false;
    if (!data?.jobUpdated.done) continue;
    const now = performance.timeOrigin + performance.now();
    outcome.finals++;
    if (outcome.finals > 1) outcome.doubled++;
    // The commit is told over another channel, which may be behind.
    while (!finals.has(id)) await new Promise((resolve) => setTimeout(resolve, 5));
    outcome.delays.push(now - finals.get(id)!);
  }
  return outcome;
}

/** Follows all jobs of the account over sockets that are cut without a goodbye, and goes on after the last cursor each time. */
function followAll(server: Started, jobs: string[]) {
  const wanted = new Set(jobs);
  const { promise: first, resolve: began } = Promise.withResolvers<void>();
  const seen = new Map<string, number>();
  let after: string | undefined;
  let drops = 0;

  const run = async (): Promise<{ received: number; doubled: number; drops: number }> => {
    while (seen.size < wanted.size) {
      const client = socket(server);
      const stop = drops < DROPS ? seen.size + Math.ceil(wanted.size / (DROPS + 1)) : Infinity;
      const query =
        "subscription ($after: String) { jobsUpdated(after: $after) { cursor job { jobId done } } }";
      try {
        for await (const { data } of client.iterate<{
          jobsUpdated: { cursor: string; job: { jobId: string; done: boolean } };
        }>({ query, variables: { after } })) {
          began();
          const { cursor, job } = data!.jobsUpdated;
          after = cursor;
          if (job.done && wanted.has(job.jobId)) seen.set(job.jobId, (seen.get(job.jobId) ?? 0) + 1);
          if (seen.size >= wanted.size) break;
          if (seen.size >= stop) {
            drops++;
            client.terminate();
            break;
          }
        }
      } catch {
        // Cut: the next round goes on after the cursor.
      } finally {
        client.terminate();
      }
    }
    return { received: seen.size, doubled: [...seen.values()].filter((times) => times > 1).length, drops };
  };
  return { first, done: run() };
}
