import { createHash, createHmac, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Command, credentials, CUT, SILENT, temporary } from "./s3.ts";

const MIN_PART_BYTES = 5 * 2 ** 20;
/** Of a page of a list: small, so that lists have several. */
const MAX_KEYS = 3;

interface Body {
  bytes: Buffer;
  size: number;
  sha256: string;
}

interface Answer {
  status: number;
  body?: string | Buffer;
  headers?: Record<string, string>;
}

/**
 * S3's protocol as far as its reference describes the requests we make, with signatures checked by a calculation of our
 * own. Of whole parts of 5 MiB it keeps the size alone: a test of the client's memory is not to measure this one's.
 */
async function serve(): Promise<void> {
  interface Stored {
    bytes: Buffer;
    size: number;
    modified: number;
  }
  const objects = new Map<string, Stored>();
  const uploads = new Map<
    string,
    { key: string; begun: number; parts: Map<number, Stored & { tag: string }> }
  >();
  const failures: number[] = [];
  let always: number | undefined;

  function handle(request: IncomingMessage, url: URL, body: Body): Answer {
    const { method } = request;
    const [, bucket, ...rest] = decodeURIComponent(url.pathname).split("/");
    const key = rest.join("/");
    const query = url.searchParams;
    if (bucket !== credentials.bucket) return fail(404, "NoSuchBucket");
    const uploadId = query.get("uploadId");
    if (key === "" && method === "GET" && query.has("uploads")) {
      const list = [...uploads].map(
        ([id, { key, begun }]) =>
          `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${new Date(begun).toISOString()}</Initiated></Upload>`,
      );
      return {
        status: 200,
        body: `<ListMultipartUploadsResult>${list.join("")}<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>`,
      };
    }
    if (key === "" && method === "GET" && query.get("list-type") === "2") {
      const names = [...objects.keys()]
        .toSorted()
        .filter((name) => name.startsWith(query.get("prefix") ?? ""));
      const from = names.findIndex((name) => name > (query.get("continuation-token") ?? ""));
      const page = from < 0 ? [] : names.slice(from, from + MAX_KEYS);
      const more = from >= 0 && from + MAX_KEYS < names.length;
      const list = page.map(
        (name) =>
          `<Contents><Key>${name}</Key><LastModified>${new Date(objects.get(name)!.modified).toISOString()}</LastModified></Contents>`,
      );
      const token = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
      return {
        status: 200,
        body: `<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${list.join("")}</ListBucketResult>`,
      };
    }
    if (method === "POST" && query.has("uploads")) {
      const id = randomUUID();
      uploads.set(id, { key, begun: Date.now(), parts: new Map() });
      return {
        status: 200,
        body: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      };
    }
    if (uploadId !== null) {
      const upload = uploads.get(uploadId);
      if (upload?.key !== key) return fail(404, "NoSuchUpload");
      if (method === "PUT") {
        const tag = `"${body.sha256.slice(0, 32)}"`;
        upload.parts.set(Number(query.get("partNumber")), { ...store(body), tag });
        return { status: 200, headers: { etag: tag } };
      }
      if (method === "DELETE") {
        uploads.delete(uploadId);
        return { status: 204 };
      }
      const named = [
        ...body.bytes.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]+)<\/ETag>/g),
      ];
      const parts = named.map(([, number, tag]) => ({ part: upload.parts.get(Number(number)), tag }));
      if (parts.length === 0 || parts.some(({ part, tag }) => part?.tag !== tag))
        return fail(400, "InvalidPart");
      if (parts.slice(0, -1).some(({ part }) => part!.size < MIN_PART_BYTES))
        return fail(400, "EntityTooSmall");
      objects.set(key, {
        bytes: Buffer.concat(parts.map(({ part }) => part!.bytes)),
        size: parts.reduce((sum, { part }) => sum + part!.size, 0),
        modified: Date.now(),
      });
      uploads.delete(uploadId);
      return { status: 200, body: `<CompleteMultipartUploadResult/>` };
    }
    const object = objects.get(key);
    if (method === "PUT" && object && request.headers["if-none-match"] === "*")
      return fail(412, "PreconditionFailed");
    if (method === "PUT") objects.set(key, store(body));
    else if (method === "DELETE") objects.delete(key);
    else if (!object) return fail(404, "NoSuchKey");
    return method === "GET"
      ? { status: 200, body: object!.bytes }
      : { status: method === "DELETE" ? 204 : 200 };
  }

  const store = ({ bytes, size }: Body): Stored => ({ bytes, size, modified: Date.now() });

  async function receive(request: IncomingMessage): Promise<Body> {
    const hash = createHash("sha256");
    const keep = Number(request.headers["content-length"] ?? 0) % (5 * 2 ** 20) !== 0;
    const kept: Buffer[] = [];
    let size = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
      if (keep) kept.push(chunk);
    }
    return { bytes: Buffer.concat(kept), size, sha256: hash.digest("hex") };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await receive(request);
    const url = new URL(request.url!, `http://${request.headers.host}`);
    const failure = failures.shift() ?? always;
    if (failure === CUT) {
      const { status, headers, body: text = "" } = handle(request, url, body);
      const bytes = Buffer.from(text);
      response.writeHead(status, { ...headers, "content-length": bytes.length + 1 });
      response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.destroy());
      return;
    }
    if (failure === SILENT) return;
    if (failure === 0) return void request.socket.destroy();
    const result: Answer =
      failure !== undefined
        ? fail(failure, "InternalError")
        : isSigned(request, url, body)
          ? handle(request, url, body)
          : fail(403, "SignatureDoesNotMatch");
    response
      .writeHead(result.status, result.headers)
      .end(request.method === "HEAD" ? undefined : result.body);
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.on("message", ({ command, values }: Command) => {
    if (command === "age") {
      for (const object of objects.values()) object.modified -= Number(values[0]);
      for (const upload of uploads.values()) upload.begun -= Number(values[0]);
    }
    if (command === "always") always = values[0] === undefined ? undefined : Number(values[0]);
    if (command === "revoke") revoked.add(String(values[0]));
    if (command === "theirs")
      for (const key of values.map(String)) {
        objects.set(key, { bytes: Buffer.from("theirs"), size: 6, modified: Date.now() });
        uploads.set(randomUUID(), { key, begun: Date.now(), parts: new Map() });
      }
    if (command === "fail") failures.push(...values.map(Number));
    process.send!({ uploads: [...uploads.values()].map(({ key }) => key), keys: [...objects.keys()] });
  });
  process.on("disconnect", () => process.exit());
  process.send!({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

const fail = (status: number, code: string) => ({ status, body: `<Error><Code>${code}</Code></Error>` });

const revoked = new Set<string>();

/** Signature Version 4, from its specification. */
function isSigned(request: IncomingMessage, url: URL, body: Body): boolean {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8}\/([^/]+)\/s3\/aws4_request), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? "",
    );
  if (!match) return false;
  const [, accessKeyId, scope = "", region = "", signedHeaders = "", signature] = match;
  const digest = request.headers["x-amz-content-sha256"] as string;
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  if (revoked.has(accessKeyId!)) return false;
  const known = [credentials, temporary].find((one) => one.accessKeyId === accessKeyId);
  if (!known || region !== credentials.region || digest !== body.sha256) return false;
  if (known === temporary && request.headers["x-amz-security-token"] !== temporary.sessionToken) return false;
  for (const name of Object.keys(request.headers))
    if (name.startsWith("x-amz-") && !signedHeaders.split(";").includes(name)) return false;
  const encode = (text: string) =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).toSorted();
  const headers = signedHeaders.split(";").map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [
    request.method,
    decodeURIComponent(url.pathname).split("/").map(encode).join("/"),
    query.join("&"),
    headers.join(""),
    signedHeaders,
    digest,
  ].join("\n");
  const time = request.headers["x-amz-date"] as string;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const hmac = (key: Buffer | string, text: string) => createHmac("sha256", key).update(text).digest();
  const key = hmac(
    hmac(hmac(hmac(`AWS4${known.secretAccessKey}`, time.slice(0, 8)), region), "s3"),
    "aws4_request",
  );
  return hmac(key, toSign).toString("hex") === signature;
}

await serve();
