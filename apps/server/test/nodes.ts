import { afterAll } from "vitest";
import {
  createDatabase,
  testPostgres,
  type TestDatabase,
} from "../../../packages/service/test/postgres/database.ts";
import { startServer, temporaryDirectory, type RunningServer, type SpawnOptions } from "./command.ts";

const postgres = await testPostgres();
/** Why there is no PostgreSQL here. */
export const noPostgres = typeof postgres === "string" ? postgres : undefined;

const dropping: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const drop of dropping) await drop();
});

export interface Cluster {
  database: TestDatabase;
  /** Of every node. */
  args: string[];
  node(role: "api" | "worker" | "all", args?: string[], options?: SpawnOptions): Promise<RunningServer>;
}

/** An empty database and a place for images that nodes share. Each node has a data directory of its own. */
export async function cluster({ blobs }: { blobs?: string } = {}): Promise<Cluster> {
  if (typeof postgres === "string") throw new Error(postgres);
  const database = await createDatabase(postgres.url);
  dropping.push(() => database.drop());
  const args = ["--database-url", database.url, "--blobs", blobs ?? (await temporaryDirectory())];
  return {
    database,
    args,
    node: async (role, more = [], options = {}) =>
      startServer(await temporaryDirectory(), ["--role", role, ...args, ...more], options),
  };
}

/** The account that one of these nodes, and only one, made. */
export function madeAccount(nodes: RunningServer[]): { clientId: string; secretId: string } {
  const made = nodes.flatMap(({ clientId, secretId }) =>
    clientId && secretId ? [{ clientId, secretId }] : [],
  );
  if (made.length !== 1) throw new Error(`${made.length} of ${nodes.length} nodes made an account`);
  return made[0]!;
}

export interface Told {
  job_id: string;
  status: string;
  cursor: string;
}

/** `GET /v1/events` as Server-Sent Events: what came so far, and the end of the stream. */
export async function follow(
  url: string,
  token: string,
  cursor?: string,
): Promise<{ told: Told[]; ended: Promise<void> }> {
  const answer = await fetch(`${url}/v1/events`, {
    headers: {
      accept: "text/event-stream",
      authorization: `Bearer ${token}`,
      ...(cursor !== undefined && { "last-event-id": cursor }),
    },
  });
  if (!answer.ok) throw new Error(`events answered ${answer.status}`);
  const told: Told[] = [];
  const ended = (async () => {
    let rest = "";
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop()!;
      for (const block of blocks) {
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data) told.push(JSON.parse(data) as Told);
      }
    }
  })();
  ended.catch(() => {});
  return { told, ended };
}
