import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { request as httpRequest } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Fixture, photo, start } from "./fixture.ts";

let gateway: Fixture;
beforeAll(async () => {
  gateway = await start();
});

const codes = ({ errors }: Answer): string[] =>
  [...new Set(errors?.map(({ extensions }) => extensions?.code))] as string[];

/** An attack is refused without a call upstream, and leaves the process no bigger than it was. */
async function refused(attack: () => Promise<Answer>, code: string, times = 30): Promise<void> {
  await attack();
  gateway.calls.length = 0;
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const started = performance.now();
  for (let i = 0; i < times; i++) expect(codes(await attack())).toContain(code);
  // No answer takes two seconds; most take one millisecond.
  expect(performance.now() - started).toBeLessThan(times * 2_000);
  globalThis.gc?.();
  expect((process.memoryUsage().heapUsed - before) / 2 ** 20).toBeLessThan(60);
  expect(gateway.calls).toEqual([]);
}

const node = (depth: number): string => (depth === 0 ? "id" : `identity { faces { ${node(depth - 1)} } }`);

describe("bodies", () => {
  it("that are JSON but no request get 400, also in a form, and their own error in a batch", async () => {
    const post = (body: BodyInit, headers: Record<string, string> = {}) =>
      fetch(gateway.url, {
        method: "POST",
        headers: { authorization: `Bearer ${gateway.token}`, accept: "application/json", ...headers },
        body,
      });
    for (const json of ["null", "1", '"x"', "true"]) {
      const plain = await post(json, { "content-type": "application/json" });
      expect([json, plain.status]).toEqual([json, 400]);
      const form = new FormData();
      form.append("operations", json);
      form.append("map", "{}");
      expect([json, (await post(form, { "x-prosopon-csrf": "1" })).status]).toEqual([json, 400]);
      const batch = await post(`[${json}]`, { "content-type": "application/json" });
      expect(await batch.json()).toEqual([
        { errors: [expect.objectContaining({ message: expect.any(String) })] },
      ]);
    }
  });
});

describe("documents", () => {
  it("that are deep are refused", () =>
    refused(
      () => gateway.query(`{ identities(first: 1) { edges { node { faces { ${node(8)} } } } } }`),
      "TOO_DEEP",
    ));

  it("that are wide by aliases are refused", () =>
    refused(
      () => gateway.query(`{ ${Array.from({ length: 100 }, (_, i) => `a${i}: viewer { name }`).join(" ")} }`),
      "TOO_MANY_ALIASES",
    ));

  it("of 10,000 fields are refused while they are read", () =>
    refused(() => gateway.query(`{ ${"__typename ".repeat(10_000)} }`), "GRAPHQL_PARSE_FAILED"));

  it("whose fragments double at every step are counted, not walked", () =>
    refused(() => {
      const fragments = Array.from(
        { length: 60 },
        (_, i) =>
          `fragment F${i} on Query { ${i < 59 ? `...F${i + 1} ... on Query { ...F${i + 1} }` : "viewer { name }"} }`,
      );
      return gateway.query(`{ ...F0 } ${fragments.join(" ")}`);
    }, "TOO_MANY_FIELDS"));

  it("whose fragments spread themselves are refused", async () => {
    const answer = await gateway.query(
      "{ ...A } fragment A on Query { viewer { name } ...B } fragment B on Query { ...A }",
    );
    expect(answer.errors?.[0]?.message).toContain("Cannot spread fragment");
    expect(answer.data).toBeUndefined();
  });

  it("with hundreds of directives are refused", () =>
    refused(() => gateway.query(`{ __typename ${"@skip(if: false) ".repeat(100)} }`), "TOO_MANY_DIRECTIVES"));

  it("that cost too much are refused, whichever operation is named", async () => {
    const costly =
      "query Costly { jobs(first: 100) { edges { node { ... on SearchJob { matches { identity { faces { cropDataUrl } } } } } } } }";
    await refused(() => gateway.query(costly), "TOO_COSTLY");
    const body = JSON.stringify({ query: `query Cheap { __typename } ${costly}`, operationName: "Costly" });
    const response = await fetch(gateway.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${gateway.token}` },
      body,
    });
    expect(await response.text()).toContain("TOO_COSTLY");
  });

  it("guess few secrets in one request", () =>
    refused(
      () =>
        gateway.query(
          `mutation { ${Array.from({ length: 20 }, (_, i) => `l${i}: login(input: { clientId: "x", secretId: "${i}" }) { __typename }`).join(" ")} }`,
          {},
          null,
        ),
      "TOO_COSTLY",
    ));

  it("that introspect in circles are refused", async () => {
    const answer = await gateway.query(
      "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
    );
    expect(answer.errors?.[0]?.message).toMatch(/introspection depth/i);
  });

  it("say what they cost and what they may", async () => {
    const { extensions } = await gateway.query("{ viewer { name } }");
    expect(extensions.cost).toEqual({ used: expect.any(Number), limit: 25_000, depth: 2 });
  });
});

describe("requests", () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(gateway.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${gateway.token}`, ...headers },
      body,
    });

  it("batched beyond the limit are refused", async () => {
    const response = await post(
      JSON.stringify(Array.from({ length: 11 }, () => ({ query: "{ __typename }" }))),
    );
    expect(response.status).toBe(413);
    expect(
      (await post(JSON.stringify(Array.from({ length: 10 }, () => ({ query: "{ __typename }" }))))).status,
    ).toBe(200);
  });

  it("with huge variables are refused before they are parsed", async () => {
    const response = await post(
      JSON.stringify({ query: "{ __typename }", variables: { x: "x".repeat(5_000_000) } }),
    );
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "TOO_LARGE" } }] });
  });

  it.each([
    ["with a token", 413],
    ["without a token, soon", 401],
  ])("with a body without a length that never ends are cut off: %s", async (who, expected) => {
    const status = await new Promise<number>((resolve, reject) => {
      const outgoing = httpRequest(
        gateway.url,
        {
          method: "POST",
          headers: {
            "content-type": "application/json",
            "transfer-encoding": "chunked",
            ...(who === "with a token" && { authorization: `Bearer ${gateway.token}` }),
          },
        },
        (response) => {
          resolve(response.statusCode ?? 0);
          outgoing.destroy();
        },
      );
      outgoing.on("error", reject);
      const more = (): void => {
        while (!outgoing.destroyed && outgoing.write("x".repeat(65_536)));
        if (!outgoing.destroyed) outgoing.once("drain", more);
      };
      more();
    });
    expect(status).toBe(expected);
  });

  it("whose body does not come, or a byte at a time, end in 408", async () => {
    const impatient = await start({ limits: { bodyIdleMs: 500 } });
    const head = (headers: string) =>
      `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${impatient.token}\r\n${headers}Content-Length: 60000\r\n\r\n`;
    for (const type of ["application/json", "multipart/form-data; boundary=b"])
      for (const everyMs of [100, 60_000])
        expect(await dripped(impatient.url, head(`Content-Type: ${type}\r\n`), everyMs)).toMatch(
          /^HTTP\/1\.1 408 [^]*"code":"TIMEOUT"/,
        );
  });

  it("are answered with headers that keep them out of every cache", async () => {
    const { headers } = await gateway.query("{ viewer { name } }");
    expect([headers.get("cache-control"), headers.get("x-content-type-options")]).toEqual([
      "no-store",
      "nosniff",
    ]);
  });

  it("that a page of another site could send unasked are refused", async () => {
    const simple = await fetch(gateway.url, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: '{"query":"{ __typename }"}',
    });
    expect([simple.status, await simple.json()]).toMatchObject([
      403,
      { errors: [{ extensions: { code: "CSRF" } }] },
    ]);
    expect((await fetch(`${gateway.url}?query={__typename}`)).status).toBe(403);
    expect(
      (await fetch(`${gateway.url}?query={__typename}`, { headers: { "x-prosopon-csrf": "1" } })).status,
    ).toBe(200);
  });

  it("of a body of no bytes are refused for that, without a fault", async () => {
    gateway.hidden.length = 0;
    const empty = new ReadableStream({ start: (controller) => controller.close() });
    const response = await fetch(gateway.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${gateway.token}` },
      body: empty,
      duplex: "half",
    } as RequestInit);
    expect([response.status, gateway.hidden]).toEqual([400, []]);
  });

  it("that change something by GET are refused", async () => {
    const response = await fetch(
      `${gateway.url}?query=${encodeURIComponent("mutation { logout { __typename } }")}`,
      { headers: { authorization: `Bearer ${gateway.token}` } },
    );
    expect(response.status).toBe(405);
  });
});

describe("uploads", () => {
  const create =
    "mutation ($input: CreateIdentityInput!) { createIdentity(input: $input) { __typename ... on Error { code } } }";

  it("without a token are refused before they are read", async () => {
    const answer = await gateway.upload(
      create,
      { input: { images: [null] } },
      { "input.images.0": await photo("franck_01829.jpg") },
      null,
    );
    expect([answer.status, codes(answer)]).toEqual([401, ["UNAUTHORIZED"]]);
  });

  it("half sent with a made-up token take no place from anybody", async () => {
    const busy = await start({ limits: { uploadsAtOnce: 2 } });
    const held = await Promise.all(Array.from({ length: 6 }, () => halfSent(busy.url, "made-up")));
    expect(held.map(({ answer }) => answer.split(" ")[1])).toEqual(held.map(() => "401"));
    expect((await busy.enrol(["franck_01829.jpg"])).jobId).toBeTruthy();
    for (const { socket } of held) socket.destroy();
  });

  it("of one account leave places to others", async () => {
    const busy = await start({ limits: { uploadsAtOnce: 4, uploadsPerAccount: 3, bodyIdleMs: 20_000 } });
    const other = await busy.otherAccount();
    const held = await Promise.all(Array.from({ length: 3 }, () => halfSent(busy.url, busy.token, 300)));
    const images = { "input.images.0": await photo("franck_01829.jpg") };
    const own = await busy.upload(create, { input: { images: [null] } }, images);
    expect([own.status, codes(own)]).toEqual([429, ["QUOTA"]]);
    expect((await busy.upload(create, { input: { images: [null] } }, images, other)).status).toBe(200);
    for (const { socket } of held) socket.destroy();
    await expect
      .poll(async () => (await busy.upload(create, { input: { images: [null] } }, images)).status)
      .toBe(200);
  });

  it("of too many files are refused", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 6 }, (_, index) => [`input.images.${index}`, new Blob(["x"])]),
    );
    const answer = await gateway.upload(
      create,
      { input: { images: Array.from({ length: 6 }, () => null) } },
      files,
    );
    expect([answer.status, codes(answer)]).toEqual([413, ["TOO_MANY_FILES"]]);
  });

  it("of too many bytes are refused, with the way for big ones", async () => {
    const answer = await gateway.upload(
      create,
      { input: { images: [null] } },
      { "input.images.0": new Blob([new Uint8Array(34_000_000)]) },
    );
    expect([answer.status, codes(answer)]).toEqual([413, ["TOO_LARGE"]]);
    expect(answer.text).toContain("/v1/uploads");
  });

  it("in a flood are taken a few at a time, with bounded memory", async () => {
    const slow = await start({ limits: { uploadsAtOnce: 2, uploadBytes: 12_000_000 } });
    const before = process.memoryUsage().rss;
    const image = new Blob([new Uint8Array(10_000_000)]);
    const answers = await Promise.all(
      Array.from({ length: 24 }, () =>
        slow.upload(create, { input: { images: [null] } }, { "input.images.0": image }),
      ),
    );
    const tooMany = answers.filter(({ status }) => status === 429);
    expect(tooMany.length).toBeGreaterThan(0);
    expect(codes(tooMany[0]!)).toEqual(["QUOTA"]);
    expect(tooMany[0]!.headers.get("retry-after")).toBe("1");
    // The senders are in this process too, each with its own copy.
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(24 * 20 + 200);
    expect((await slow.query("{ viewer { name } }")).data.viewer.name).toBe("test");
  });

  it("whose map points nowhere or into the prototype change nothing", async () => {
    for (const place of [
      "__proto__.polluted",
      "constructor.prototype.polluted",
      "variables.input.images.9999999",
    ]) {
      const body = new FormData();
      body.append("operations", JSON.stringify({ query: create, variables: { input: { images: [] } } }));
      body.append("map", JSON.stringify({ 0: [place] }));
      body.append("0", new Blob(["x"]), "x.jpg");
      const response = await fetch(gateway.url, {
        method: "POST",
        headers: { authorization: `Bearer ${gateway.token}` },
        body,
      });
      const text = await response.text();
      expect([response.status, text]).toEqual([400, expect.stringContaining("BAD_MULTIPART")]);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    }
  });
});

describe("switches", () => {
  const introspect = "{ __schema { queryType { name } } }";

  it("introspection needs no token, and can be turned off", async () => {
    expect((await gateway.query(introspect, {}, null)).data.__schema.queryType.name).toBe("Query");
    const closed = await start({ introspection: false });
    expect((await closed.query(introspect)).errors?.[0]?.message).toContain("introspection");
  });

  it("GraphiQL is off unless turned on, and then loads nothing from elsewhere", async () => {
    const open = (url: string) => fetch(url, { headers: { accept: "text/html" } });
    expect((await (await open(gateway.url)).text()).toLowerCase()).not.toContain("graphiql");
    const shown = await start({ graphiql: true });
    const response = await open(shown.url);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    const page = await response.text();
    expect(page).toContain("Prosopon GraphiQL");
    expect(page.replace(/<script>[\s\S]*<\/script>/, "")).not.toMatch(/(src|href)="https?:/);
    expect(page).not.toMatch(/@import\s*(url\()?["']?https?:|url\(["']?https?:/);
  });
});

/** A multipart request that stops after its first line; what was answered within `ms`, or at once. */
async function halfSent(
  url: string,
  token: string,
  ms = 10_000,
): Promise<{ answer: string; socket: Socket }> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\n`,
  );
  const answered = new Promise<string>((resolve) => socket.once("data", (data) => resolve(String(data))));
  return { answer: await Promise.race([answered, sleep(ms, "")]), socket };
}

/** Sends a byte of a body now and then until there is an answer. */
async function dripped(url: string, head: string, everyMs: number): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(head);
  const timer = setInterval(() => socket.writable && socket.write(" "), everyMs);
  const answer = await new Promise<string>((resolve) => {
    let text = "";
    socket.on("data", (data) => {
      text += String(data);
      if (text.includes("}]}")) resolve(text);
    });
    socket.on("close", () => resolve(text));
  });
  clearInterval(timer);
  socket.destroy();
  return answer;
}
