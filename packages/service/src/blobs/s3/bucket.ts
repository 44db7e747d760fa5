import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { BlobsAwayError } from "../types.ts";
import { send } from "./send.ts";

export interface S3Options {
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary credentials. */
  sessionToken?: string;
  /** Default us-east-1; other servers than AWS mostly take any. */
  region?: string;
  /** `https://host[:port]`; default AWS's own for the region. */
  endpoint?: string;
  /** Before every key, e.g. `prosopon/`. */
  prefix?: string;
  /** Without a byte for so long a connection is given up, milliseconds. Default 30,000. */
  silenceMs?: number;
}

export interface S3Request {
  /** Without the prefix. None for requests to the bucket itself. */
  key?: string;
  query?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | string;
  /** Answers beside 2xx that are the caller's to understand. */
  accept?: readonly number[];
  signal?: AbortSignal;
}

export interface Bucket {
  readonly prefix: string;
  /**
   * Busy servers are asked again. @throws BlobsAwayError when that does not help; Error when the answer is neither 2xx
   * nor accepted. Both with S3's own code.
   */
  request(method: string, request: S3Request): Promise<Response>;
  /** The same; the answer's body is read away, so that the connection can be used again. */
  discard(method: string, request: S3Request): Promise<Response>;
}

/** Tries beside the first, for 5xx, 429 and broken connections: about 3 s in all. */
const RETRIES = 6;
/** Nothing is asked again after so long, milliseconds: a server that says nothing would hold a request up for minutes. */
const PATIENCE_MS = 60_000;
const SILENCE_MS = 30_000;
/** What S3's codes mean here, where its address, bucket and credentials may well be right. */
const HINTS: Record<string, string> = {
  RequestTimeTooSkewed: "Its clock and this machine's differ: set them right.",
  AuthorizationHeaderMalformed: "The bucket is in another region: name that one.",
  PermanentRedirect: "The bucket is in another region: name that one.",
  ExpiredToken: "The temporary credentials have ended: give new ones.",
};

/** Signing and sending, no more: the official SDK is a tree of packages for the eight requests made here (decisions/024). */
export function createBucket({ bucket, region = "us-east-1", prefix = "", ...options }: S3Options): Bucket {
  const endpoint = (options.endpoint ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/, "");
  const { accessKeyId, secretAccessKey, sessionToken, silenceMs = SILENCE_MS } = options;
  const folder = prefix.split("/").map(encodeURIComponent);
  // A URL resolves them, and the key would be another bucket's.
  if (folder.some((name) => name === "." || name === ".."))
    throw new Error(`The prefix ${prefix} has a part that is . or .. : leave it out.`);
  const identity = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    region,
    service: "s3",
  };

  async function request(
    method: string,
    { key, query = {}, body = "", accept = [], signal }: S3Request,
  ): Promise<Response> {
    const url = new URL(`${endpoint}/${bucket}${key === undefined ? "" : `/${folder.join("/")}${key}`}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const digest = { "x-amz-content-sha256": createHash("sha256").update(body).digest("hex") };
    const answer = await persistently(async () => {
      const signed = await new AwsV4Signer({ ...identity, method, url: url.href, headers: digest }).sign();
      return send(method, signed.url, signed.headers, body, { silenceMs, ...(signal && { signal }) });
    }, signal);
    if (answer.ok || accept.includes(answer.status)) return answer;
    // XML with a code; never an object's bytes.
    const code = /<Code>([^<]*)<\/Code>/.exec(await answer.text())?.[1] ?? "no code";
    if (isAway(answer))
      throw new BlobsAwayError(
        `The object storage could not answer ${method} in bucket ${bucket}: ${answer.status} ${code}. Try again once it can.`,
      );
    throw new Error(
      `The object storage refused ${method} in bucket ${bucket}: ${answer.status} ${code}. ${HINTS[code] ?? "Check its address, bucket and credentials."}`,
    );
  }

  return {
    prefix,
    request,
    async discard(method, options) {
      const answer = await request(method, options);
      await answer.arrayBuffer();
      return answer;
    },
  };
}

/** It runs, but is overloaded or out of order. */
const isAway = ({ status }: Response): boolean => status >= 500 || status === 429;

/** Every request made here may be sent twice. */
async function persistently(
  send: () => Promise<Response>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const began = performance.now();
  for (let tries = 0; ; tries++) {
    const last = () => tries === RETRIES || performance.now() - began > PATIENCE_MS;
    try {
      const answer = await send();
      if (!isAway(answer) || last()) return answer;
      await answer.body?.cancel();
    } catch (error) {
      signal?.throwIfAborted();
      if (last()) {
        const { code, message } = error as NodeJS.ErrnoException;
        throw new BlobsAwayError(
          `The object storage does not answer (${code ?? message}). Check its address and that it runs.`,
          { cause: error },
        );
      }
    }
    await sleep(Math.random() * 50 * 2 ** tries, undefined, signal && { signal });
  }
}
