import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

export const credentials = {
  accessKeyId: "AKIATEST",
  secretAccessKey: "a/secret+key",
  bucket: "images",
  region: "eu-test-1",
};

/** Beside them, such as a cloud's instances get: its requests need the token too. */
export const temporary = {
  ...credentials,
  accessKeyId: "ASIATEST",
  secretAccessKey: "another/secret+key",
  sessionToken: "IQoJ/of+one+hour==",
};

/** Instead of a code: the answer is sent in part, and the connection then broken. */
export const CUT = -1;
/** Instead of a code: nothing is answered, and the connection stays. */
export const SILENT = -2;

export interface Command {
  command: "look" | "fail" | "age" | "always" | "revoke" | "theirs";
  values: (number | string)[];
}

interface Held {
  keys: string[];
  /** Keys of multi-part uploads that are neither completed nor aborted. */
  uploads: string[];
}

export interface S3Server {
  endpoint: string;
  /** By what a node finds it, with the credentials that last. */
  env: Record<string, string>;
  look(): Promise<Held>;
  /** The next requests are answered with these codes; 0 breaks the connection, CUT does so in the middle of the answer. */
  failNext(...codes: number[]): Promise<unknown>;
  /** All that follow are answered so; undefined ends it. */
  failAlways(code: number | undefined): Promise<unknown>;
  /** This key id is not known any more. */
  revoke(accessKeyId: string): Promise<unknown>;
  /** Somebody else keeps objects of these names in the bucket, and has begun to upload others of the same names in parts. */
  theirs(...keys: string[]): Promise<unknown>;
  /** As if stored or begun so long ago, milliseconds. */
  age(ms: number): Promise<unknown>;
  close(): Promise<void>;
}

/** In a process of its own, so that its memory is not taken for the client's. */
export async function startS3(): Promise<S3Server> {
  const child = fork(path.join(import.meta.dirname, "s3-process.ts"), { execArgv: [] });
  const [{ endpoint }] = (await once(child, "message")) as [{ endpoint: string }];
  async function send(command: Command["command"], ...values: Command["values"]): Promise<Held> {
    child.send({ command, values } satisfies Command);
    const [held] = (await once(child, "message")) as [Held];
    return held;
  }
  return {
    endpoint,
    env: {
      PROSOPON_S3_ENDPOINT: endpoint,
      PROSOPON_S3_REGION: credentials.region,
      PROSOPON_S3_ACCESS_KEY_ID: credentials.accessKeyId,
      PROSOPON_S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    look: () => send("look"),
    failNext: (...codes) => send("fail", ...codes),
    failAlways: (code) => send("always", ...(code === undefined ? [] : [code])),
    revoke: (accessKeyId) => send("revoke", accessKeyId),
    theirs: (...keys) => send("theirs", ...keys),
    age: (ms) => send("age", ms),
    async close() {
      child.kill();
      await once(child, "exit");
    },
  };
}
