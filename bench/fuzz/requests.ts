import fc from "fast-check";

/** Stands for a secret or an image: no answer may repeat it. */
export const MARK = "S3CRETS3CRETS3CRETS3CRETS3CRETS3CRETS3CRETS3CRET";

const text = fc.string({ unit: "binary", maxLength: 40 }).map((value) => value.replaceAll(/[\r\n]/g, ""));
const marked = fc.oneof(
  text,
  fc.constant(MARK),
  fc.constant(`%${MARK}`),
  fc.constant("../../etc/passwd"),
  fc.constant("%00%ff%E0%A4%A"),
);
const PATHS = [
  "/",
  "/login",
  "/token",
  "/logout",
  "/graphql",
  "/healthz",
  "/readyz",
  "/openapi.json",
  "/v1/events",
  "/v1/account",
  "/v1/identities",
  "/v1/jobs",
  "/v1/uploads",
  "/v1/server",
  "/innovation-service/identity",
  "/innovation-service/identity/search",
  "/innovation-service/identity/recognize",
  "//",
  "http://",
  "http://[",
  "*",
  "//[::1",
  "/demo-account.json",
];
const target = fc
  .tuple(
    fc.constantFrom(...PATHS),
    fc.option(marked),
    fc.array(
      fc.tuple(
        fc.constantFrom(
          "limit",
          "cursor",
          "ids",
          "metadata[a]",
          "job_id",
          "identity_id[]",
          "wait",
          "status",
          "collection",
          "token",
        ),
        marked,
      ),
      { maxLength: 3 },
    ),
  )
  .map(([path, more, query]) =>
    (
      path +
      (more === null ? "" : `/${more}`) +
      (query.length > 0 ? `?${query.map(([name, value]) => `${name}=${value}`).join("&")}` : "")
    ).replaceAll(/[ \t]/g, "+"),
  );
const header = fc.oneof(
  fc.constantFrom(
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Connection: Upgrade\r\nUpgrade: h2c",
    "Upgrade: websocket",
    "Connection: close",
    "Expect: 100-continue",
    "Expect: other",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Content-Length: 5",
    "Content-Length: 99999999999",
    "Content-Length: -1",
    "Content-Type: application/json",
    "Content-Type: multipart/form-data; boundary=b",
    "Content-Type: image/png",
    `Authorization: Bearer ${MARK}`,
    "Authorization: Bearer TOKEN",
    "Authorization: Basic x",
    "X-Forwarded-For: 1.2.3.4",
    "Host: [",
    "Accept: text/event-stream",
    "X-Prosopon-Csrf: 1",
    " folded",
    "no colon",
  ),
  fc.tuple(fc.string({ maxLength: 12 }), marked).map(([name, value]) => `${name}: ${value}`),
);

/** What may come over a connection: mostly requests; `TOKEN` stands for a good access token. */
export const rawRequests: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(
      "GET",
      "POST",
      "PUT",
      "DELETE",
      "PATCH",
      "OPTIONS",
      "HEAD",
      "TRACE",
      "CONNECT",
      "FOO",
      "",
    ),
    target,
    fc.constantFrom("HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "XTTP/1.1"),
    // Half of them signed in: what a stranger sends is refused before it is looked at.
    fc
      .tuple(fc.boolean(), fc.array(header, { maxLength: 5 }))
      .map(([known, headers]) => (known ? ["Authorization: Bearer TOKEN", ...headers] : headers)),
    fc.oneof(fc.constant(""), marked, fc.constant("5\r\nhello\r\n0\r\n\r\n"), fc.constant("zz\r\n")),
  )
  .map(
    ([method, path, version, headers, body]) =>
      `${method} ${path} ${version}\r\nHost: x\r\n${headers.map((line) => `${line}\r\n`).join("")}\r\n${body}`,
  );

/** Bodies that say that they are forms, with the boundary `b`. */
export const forms: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.array(
      fc
        .tuple(
          fc.constantFrom(
            "input_image",
            "input_images",
            "input_images[]",
            "input_images[0]",
            "max_result",
            "identity_id",
            "metadata",
            "external_id",
            "collection",
            "__proto__",
            "x",
            "",
          ),
          fc.option(fc.constantFrom("p.jpg", "../../p.png", "")),
          fc.oneof(
            fc.constant(Buffer.from(MARK)),
            fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
            fc.constant(Buffer.from("10")),
            fc.constant(Buffer.from("{}")),
          ),
          fc.constantFrom("\r\n", "\n", ""),
        )
        .map(([name, file, data, end]) =>
          Buffer.concat([
            Buffer.from(
              `--b\r\nContent-Disposition: form-data; name="${name}"${file === null ? "" : `; filename="${file}"`}${end}\r\n\r\n`,
            ),
            data,
            Buffer.from("\r\n"),
          ]),
        ),
      { maxLength: 6 },
    ),
    fc.constantFrom("--b--\r\n", "--b--", "", "--b", "--c--\r\n"),
  )
  .map(([parts, end]) => Buffer.concat([...parts, Buffer.from(end)]));

const name = fc.constantFrom(
  "viewer",
  "identities",
  "jobs",
  "job",
  "identity",
  "node",
  "nodes",
  "server",
  "edges",
  "id",
  "name",
  "login",
  "searchIdentities",
  "__schema",
  "__typename",
  "types",
  "cursor",
  "nothing",
  MARK.slice(0, 20),
);
const value: fc.Arbitrary<string> = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom(
    "null",
    "true",
    "$v",
    "[]",
    "{}",
    `"${MARK}"`,
    "ENROL",
    `{ clientId: "a", secretId: [${JSON.stringify(MARK)}] }`,
  ),
);
const selection: fc.Arbitrary<string> = fc.letrec<{ selection: string }>((tie) => ({
  selection: fc
    .tuple(
      fc.array(
        fc.oneof(
          {
            weight: 4,
            arbitrary: fc
              .tuple(
                fc.option(fc.constantFrom("a: ", "b: ")),
                name,
                fc.option(fc.tuple(fc.constantFrom("id", "ids", "first", "input", "filter", "x"), value)),
                fc.option(tie("selection"), { depthSize: "small", maxDepth: 4 }),
              )
              .map(
                ([alias, field, argument, inner]) =>
                  `${alias ?? ""}${field}${argument ? `(${argument[0]}: ${argument[1]})` : ""} ${inner ?? ""}`,
              ),
          },
          {
            weight: 1,
            arbitrary: fc.constantFrom("...F", "... on Identity { id }", "... @skip(if: $v) { __typename }"),
          },
        ),
        { minLength: 1, maxLength: 4 },
      ),
    )
    .map(([fields]) => `{ ${fields.join(" ")} }`),
})).selection;

/** GraphQL over HTTP: documents made of the schema's names and of others, with variables of any type, single and in batches. */
export const graphql: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(
      "query",
      "mutation",
      "subscription",
      "query Q($v: Boolean!)",
      "query Q($v: LoginInput!)",
      "{",
      "",
    ),
    selection,
    fc.constantFrom(
      "",
      " fragment F on Query { viewer { name } }",
      " fragment F on Query { ...F }",
      " fragment F on Identity { id ...G } fragment G on Identity { ...F }",
      ' "',
      "}",
    ),
    fc.oneof(
      fc.constant(undefined),
      fc.dictionary(fc.constantFrom("v", "i", "__proto__"), fc.oneof(fc.jsonValue(), fc.constant(MARK))),
      fc.jsonValue(),
    ),
  )
  .chain(([kind, fields, end, variables]) => {
    const one = { query: `${kind} ${fields}${end}`, ...(variables !== undefined && { variables }) };
    return fc.constantFrom(
      JSON.stringify(one),
      JSON.stringify([one, one]),
      JSON.stringify({ ...one, operationName: MARK }),
      JSON.stringify(variables ?? null),
      JSON.stringify([variables ?? null]),
    );
  });

/** GraphQL's multipart requests (operations, map, files), right and wrong, with the boundary `b`. */
export const uploads: fc.Arbitrary<Buffer> = fc
  .record({
    operations: fc.oneof(
      fc.constantFrom(
        '{"query":"mutation($f: File!) { searchIdentities(input: { image: $f }) { __typename } }","variables":{"f":null}}',
        '{"query":"mutation($f: [File!]!) { createIdentity(input: { images: $f }) { __typename } }","variables":{"f":[null,null]}}',
        '{"query":"{ viewer { __typename } }"}',
        '[{"query":"{ viewer { __typename } }"}]',
        "{",
        `"${MARK}"`,
      ),
      fc.json(),
    ),
    map: fc.oneof(
      fc.constantFrom(
        '{"0":["variables.f"]}',
        '{"0":["variables.f.0"],"1":["variables.f.1"]}',
        '{"0":["variables.__proto__.f"]}',
        '{"0":["constructor.prototype.f"]}',
        '{"0":["variables.f.999999999"]}',
        '{"0":[]}',
        `{"${MARK}":["variables.f"]}`,
        "[]",
      ),
      fc.json(),
    ),
    files: fc.array(
      fc.oneof(
        fc.constant(Buffer.from(MARK)),
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      ),
      { maxLength: 3 },
    ),
    order: fc.shuffledSubarray(["operations", "map", "files"], { minLength: 1 }),
    end: fc.constantFrom("--b--\r\n", "--b--\r\n", "--b--\r\n", "", "--b"),
  })
  .map(({ operations, map, files, order, end }) => {
    const part = (name: string, data: Buffer, more = "") =>
      Buffer.concat([
        Buffer.from(`--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`),
        data,
        Buffer.from("\r\n"),
      ]);
    const parts: Record<string, Buffer[]> = {
      operations: [part("operations", Buffer.from(operations))],
      map: [part("map", Buffer.from(map))],
      files: files.map((data, at) =>
        part(String(at), data, '; filename="p.jpg"\r\nContent-Type: image/jpeg'),
      ),
    };
    return Buffer.concat([...order.flatMap((name) => parts[name]!), Buffer.from(end)]);
  });

/** Up to three requests over one connection, sent at once. */
export const pipelined: fc.Arbitrary<string> = fc
  .array(rawRequests, { minLength: 2, maxLength: 3 })
  .map((requests) => requests.join(""));
