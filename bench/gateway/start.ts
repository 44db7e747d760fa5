import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromServer, ToServer } from "./server.ts";

type Ready = Extract<FromServer, { type: "ready" }>;

export interface Started extends Ready {
  token: string;
  /** When each job's final state was committed, by job id. */
  finals: Map<string, number>;
  /** Resident bytes after a collection. */
  memory(): Promise<number>;
  tell(message: ToServer): void;
  stop(): Promise<void>;
}

export async function startServer(engine: "real" | "fake"): Promise<Started> {
  const child = fork(fileURLToPath(new URL("server.ts", import.meta.url)), [engine]);
  const finals = new Map<string, number>();
  const told = Promise.withResolvers<Ready>();
  const waiting: ((rss: number) => void)[] = [];
  child.on("exit", (code) => told.reject(new Error(`the server ended with ${code}`)));
  child.on("message", (message: FromServer) => {
    if (message.type === "ready") told.resolve(message);
    if (message.type === "final") finals.set(message.jobId, message.at);
    if (message.type === "memory") waiting.shift()?.(message.rss);
  });
  const ready = await told.promise;
  const login = await fetch(`${ready.rest}/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ clientId: ready.clientId, secretId: ready.secretId }),
  });
  const { token } = (await login.json()) as { token: string };
  const tell = (message: ToServer): void => void child.send(message);
  return {
    ...ready,
    token,
    finals,
    tell,
    memory: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        tell("memory");
      }),
    async stop() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      tell("stop");
      await gone;
    },
  };
}
