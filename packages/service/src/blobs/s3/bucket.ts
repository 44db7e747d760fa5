import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { BlobsAwayError } from "../types.ts";
import { send, Unsent } from "./send.ts";

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary credentials. */
  sessionToken?: string;
}

export interface S3Options extends S3Credentials {
  bucket: string;
  /** Asked again once the credentials were refused: they may have been replaced, or have ended. */
  renewed?: () => S3Credentials;
  /** Default us-east-1; other servers than AWS mostly take any. */
  region?: string;
  /** `https://host[:port]`; default AWS's own for the region. */
  endpoint?: string;
  /** Before every key, e.g. `prosopon/`. */
  prefix?: string;
  /** Without a byte for so long a connection is given up, milliseconds. Default 14,000. */
  silenceMs?: number;
}

export interface S3Request {
  /** Without the prefix. None for requests to the bucket itself. */
  key?: string;
  query?: Record<string, string>;
  body?: readonly Uint8Array[] | string;
  /** Answers beside 2xx that are the caller's to understand. */
  accept?: readonly number[];
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** An answer that has come whole. */
export interface Answer {
  status: number;
  ok: boolean;
  headers: Headers;
  /** The body's end, as what reads it made it; of an answer that is not 2xx its text. */
  text: string;
}

export interface Bucket {
  readonly prefix: string;
  /**
   * Busy servers, and those whose answer broke off, are asked again. `save` takes a 2xx answer's body instead of its text, and
   * may be called again for another try. @throws BlobsAwayError when that does not help, or the credentials are refused;
   * Error when the answer is neither 2xx nor accepted. Both with S3's own code.
   */
  request(
    method: string,
    request: S3Request,
    save?: (body: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<Answer>;
}

/** Tries beside the first, for 5xx, 429 and broken connections: about 3 s in all. */
const RETRIES = 6;
/** Nothing is asked again after so long, milliseconds: so a server that says nothing holds a request up once. */
const PATIENCE_MS = 10_000;
/** Callers are told within 15 s, like of a database. */
const SILENCE_MS = 14_000;
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
  const { silenceMs = SILENCE_MS, renewed } = options;
  const folder = prefix.split("/").map(encodeURIComponent);
  // A URL resolves them, and the key would be another bucket's.
  if (folder.some((name) => name === "." || name === ".."))
    throw new Error(`The prefix ${prefix} has a part that is . or .. : leave it out.`);
  let credentials: S3Credentials = options;

  async function attempt(
    method: string,
    url: URL,
    { body = "", signal, headers = {} }: S3Request,
    save: ((body: AsyncIterable<Uint8Array>) => Promise<void>) | undefined,
  ): Promise<Answer> {
    const hash = createHash("sha256");
    const pieces = typeof body === "string" ? [Buffer.from(body)] : body;
    for (const piece of pieces) hash.update(piece);
    const digest = { "x-amz-content-sha256": hash.digest("hex") };
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const signed = await new AwsV4Signer({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      region,
      service: "s3",
      method,
      url: url.href,
      headers: { ...headers, ...digest },
    }).sign();
    const answer = await send(method, signed.url, signed.headers, pieces, {
      silenceMs,
      ...(signal && { signal }),
    });
    const { status, ok } = answer;
    const came = whole(answer);
    if (ok && save) await save(came);
    return { status, ok, headers: answer.headers, text: ok && save ? "" : await textOf(came) };
  }

  async function request(
    method: string,
    request: S3Request,
    save?: (body: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<Answer> {
    const { key, query = {}, accept = [], signal } = request;
    const url = new URL(`${endpoint}/${bucket}${key === undefined ? "" : `/${folder.join("/")}${key}`}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const ask = () => persistently(() => attempt(method, url, request, save), signal);
    let answer = await ask();
    if (renewed && isRefused(answer)) {
      credentials = renewed();
      answer = await ask();
    }
    if (answer.ok || accept.includes(answer.status)) return answer;
    // XML with a code; never an object's bytes.
    const code = codeOf(answer) ?? "no code";
    if (isBusy(answer))
      throw new BlobsAwayError(
        `The object storage could not answer ${method} in bucket ${bucket}: ${answer.status} ${code}. Try again once it can.`,
      );
    const refused = `The object storage refused ${method} in bucket ${bucket}: ${answer.status} ${code}. ${HINTS[code] ?? "Check its address, bucket and credentials."}`;
    // Where nobody asked for an object that may be missing, it is the bucket that is.
    throw isRefused(answer) || answer.status === 404
      ? new BlobsAwayError(refused, { refused: true })
      : new Error(refused);
  }

  return { prefix, request };
}

const codeOf = ({ text }: Answer): string | undefined => /<Code>([^<]*)<\/Code>/.exec(text)?.[1];

/** It runs, but is overloaded or out of order. */
const isBusy = ({ status }: Answer): boolean => (status >= 500 && status !== 501) || status === 429;

/** The credentials, or the bucket's key, are not taken, or not any more; of some S3 says so with 400. That says nothing about an object. */
const isRefused = (answer: Answer): boolean =>
  answer.status === 401 ||
  answer.status === 403 ||
  (answer.status === 400 &&
    /^(ExpiredToken|InvalidToken|TokenRefreshRequired|KMS\..*)$/.test(codeOf(answer) ?? ""));

/** The connection broke, and not what takes its bytes here. */
class BrokenOff extends Error {}

/** The bytes of an answer, all that it announced. */
async function* whole(answer: Response): AsyncGenerator<Uint8Array> {
  const announced = Number(answer.headers.get("content-length") ?? Number.NaN);
  let bytes = 0;
  if (!answer.body) return;
  const reader = answer.body.getReader();
  try {
    for (;;) {
      const next = await reader.read().catch((error: Error) => {
        throw new BrokenOff(error.message, { cause: error });
      });
      if (next.done) break;
      bytes += next.value.byteLength;
      yield next.value;
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
  if (bytes < announced) throw new BrokenOff(`the answer broke off after ${bytes} of ${announced} bytes`);
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Every request made here may be sent twice. */
async function persistently(send: () => Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
  const began = performance.now();
  for (let tries = 0; ; tries++) {
    const last = () => tries === RETRIES || performance.now() - began > PATIENCE_MS;
    try {
      const answer = await send();
      if (!isBusy(answer) || last()) return answer;
    } catch (error) {
      signal?.throwIfAborted();
      // A disk here that takes no more, say, is no fault of the storage.
      if (!(error instanceof BrokenOff || error instanceof Unsent)) throw error;
      if (last()) {
        const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
        throw new BlobsAwayError(
          `The object storage does not answer (${code ?? message}). Check its address and that it runs.`,
          { cause: error },
        );
      }
    }
    await sleep(Math.random() * 50 * 2 ** tries, undefined, signal && { signal });
  }
}
