import { beforeAll, describe, expect, it } from "vitest";
import { form, keys, photo, PROBLEM_KEYS, start } from "./fixture.ts";
import { grey } from "./pictures.ts";

const IDENTITY = "/innovation-service/identity";
const ID = /^[A-Za-z0-9._-]+$/;

describe("the documented routes", async () => {
  const api = await start();
  const [franck, franckLater, audrey, connery] = await Promise.all(
    ["franck_01829.jpg", "franck_04000.jpg", "audrey.jpg", "SeanConnery.jpg"].map(photo),
  );
  let franckId = "";

  beforeAll(async () => {
    const enrolled = await api.run("POST", IDENTITY, [
      ["input_images", franck!],
      ["input_images", await photo("franck_02221.jpg")],
    ]);
    expect(enrolled.status).toBe("Succeeded");
    franckId = enrolled.identity_id;
  });

  it("start an enrolment with 200 and exactly one key", async () => {
    const { status, body } = await api.call("POST", IDENTITY, { body: form([["input_images", audrey!]]) });
    expect(status).toBe(200);
    expect(keys(body)).toEqual(["job_id"]);
    expect(body.job_id).toMatch(ID);
    const answer = await api.done(IDENTITY, body.job_id);
    expect(keys(answer)).toEqual(["status", "identity_id"]);
    expect(answer.identity_id).toMatch(ID);
    await api.call("DELETE", `${IDENTITY}?identity_id=${answer.identity_id}`);
  });

  it("leave result keys out until they exist", async () => {
    const { body } = await api.call("POST", IDENTITY, { body: form([["input_images", audrey!]]) });
    const early = await api.call("GET", `${IDENTITY}?job_id=${body.job_id}`);
    expect(early.status).toBe(200);
    if (early.body.status !== "Succeeded") expect(keys(early.body)).toEqual(["status"]);
    const { identity_id } = await api.done(IDENTITY, body.job_id);
    await api.call("DELETE", `${IDENTITY}?identity_id=${identity_id}`);
  });

  it("add images with PUT, fields in any order, and name the identity once Succeeded", async () => {
    for (const fields of [
      [
        ["identity_id", franckId],
        ["input_images", franckLater!],
      ],
      [
        ["input_images", franckLater!],
        ["identity_id", franckId],
      ],
    ]) {
      const answer = await api.run("PUT", IDENTITY, fields as never);
      expect(answer).toEqual({ status: "Succeeded", identity_id: franckId });
    }
  });

  it("find a person by another photo, with exactly two keys a result, best first, only above 0.85", async () => {
    const answer = await api.run("POST", `${IDENTITY}/search`, [
      ["input_image", await photo("franck_03909.jpg")],
      ["max_result", "3"],
    ]);
    expect(keys(answer)).toEqual(["status", "results"]);
    expect(answer.results[0].identity_id).toBe(franckId);
    for (const result of answer.results) {
      expect(keys(result)).toEqual(["identity_id", "score"]);
      expect(result.score).toBeGreaterThan(0.85);
      expect(result.score).toBeLessThanOrEqual(1);
    }
  });

  it("answer a search for a stranger with an empty list", async () => {
    expect(await api.run("POST", `${IDENTITY}/search`, [["input_image", audrey!]])).toEqual({
      status: "Succeeded",
      results: [],
    });
  });

  it.each(["recognize", "recognition"])(
    "recognise the person at 0.95 and above, with an object of three keys (%s)",
    async (name) => {
      const answer = await api.run("POST", `${IDENTITY}/recognize`, [
        ["identity_id", franckId],
        ["input_image", franckLater!],
      ]);
      expect(keys(answer)).toEqual(["status", "results"]);
      expect(keys(answer.results)).toEqual(["identity_id", "score", "recognition"]);
      expect(answer.results).toMatchObject({ identity_id: franckId, recognition: true });
      expect(answer.results.score).toBeGreaterThanOrEqual(0.95);
      const other = await api.run("POST", `${IDENTITY}/${name}`, [
        ["input_image", connery!],
        ["identity_id", franckId],
      ]);
      expect(other.status).toBe("Succeeded");
      expect(other.results).toMatchObject({ identity_id: franckId, recognition: false });
      expect(other.results.score).toBeLessThan(0.95);
    },
  );

  it("answer 404 to a recognition with, or images for, an unknown identity", async () => {
    for (const [method, route] of [
      ["POST", `${IDENTITY}/recognize`],
      ["PUT", IDENTITY],
    ]) {
      const answer = await api.call(method!, route!, {
        body: form([
          ["identity_id", "no-such"],
          ["input_image", audrey!],
        ]),
      });
      expect(answer.status).toBe(404);
      expect(keys(answer.body)).toEqual(PROBLEM_KEYS);
      expect((await api.call(method!, route!, { body: form([["input_image", audrey!]]) })).status).toBe(400);
    }
  });

  it("enrol photos of different people in one identity, with a warning in our own API only", async () => {
    const { body } = await api.call("POST", IDENTITY, {
      body: form([
        ["input_images", audrey!],
        ["input_images", connery!],
      ]),
    });
    const answer = await api.done(IDENTITY, body.job_id);
    expect(keys(answer)).toEqual(["status", "identity_id"]);
    const own = await api.call("GET", `/v1/jobs/${body.job_id}`);
    expect(own.body.result.warnings).toContainEqual({
      guard: "mixed",
      images: [1, 2],
      message: "the images may show different people: 1, then 2; enrol each person apart",
    });
    await api.call("DELETE", `${IDENTITY}?identity_id=${answer.identity_id}`);
  });

  it.each([
    ["a missing one as 10", undefined, 10],
    ["an empty one as 10", "", 10],
    ["a number", " 4 ", 4],
    ["more than 10 as 10", "5000", 10],
  ])("take max_result: %s", async (_, text, expected) => {
    const { body } = await api.call("POST", `${IDENTITY}/search`, {
      body: form([
        ["input_image", audrey!],
        ...(text === undefined ? [] : [["max_result", text] as [string, string]]),
      ]),
    });
    const job = (
      await api.storage.jobs.list(
        (await api.storage.accounts.byClientId(api.clientId))!.id,
        { kind: "search" },
        { limit: 100 },
      )
    ).items.find(({ id }) => id === body.job_id);
    expect(job?.payload).toMatchObject({ maxResult: expected });
  });

  it.each(["0", "-1", "many", "1.5", "1e3", "NaN"])("refuse max_result %s with 400", async (text) => {
    const answer = await api.call("POST", `${IDENTITY}/search`, {
      body: form([
        ["max_result", text],
        ["input_image", audrey!],
      ]),
    });
    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain("max_result");
  });

  it("tell an unknown job, and one of another kind, with 200", async () => {
    const { body } = await api.call("POST", `${IDENTITY}/search`, { body: form([["input_image", audrey!]]) });
    await api.done(`${IDENTITY}/search`, body.job_id);
    for (const route of [
      `${IDENTITY}?job_id=no-such`,
      `${IDENTITY}/search?job_id=../../etc`,
      `${IDENTITY}/recognize?job_id=x`,
      `${IDENTITY}/recognition?job_id=x`,
      `${IDENTITY}?job_id=${body.job_id}`,
      `${IDENTITY}/recognize?job_id=${body.job_id}`,
    ]) {
      const answer = await api.call("GET", route);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ status: "Unknown Job" });
    }
    expect((await api.call("GET", IDENTITY)).status).toBe(400);
  });

  it("fail a job, saying which image and why, when there is no face", async () => {
    const answer = await api.run("POST", IDENTITY, [
      ["input_images", audrey!],
      ["input_images", await grey(640, 480)],
    ]);
    expect(keys(answer)).toEqual(["status", "error"]);
    expect(answer.status).toBe("Failed");
    expect(answer.error).toMatch(/^image 2: no face found/);
  });

  it("hold a status answer until the job ends, and no longer than asked", async () => {
    const { body } = await api.call("POST", `${IDENTITY}/search`, {
      body: form([["input_image", await photo("sample1.jpg")]]),
    });
    expect((await api.call("GET", `${IDENTITY}/search?job_id=${body.job_id}&wait=30`)).body.status).toBe(
      "Succeeded",
    );
    expect((await api.call("GET", `${IDENTITY}/search?job_id=${body.job_id}&wait=soon`)).status).toBe(400);
    const begun = performance.now();
    expect((await api.call("GET", `${IDENTITY}?job_id=unknown&wait=30`)).body.status).toBe("Unknown Job");
    expect(performance.now() - begun).toBeLessThan(30_000);
  });
});

describe("DELETE /innovation-service/identity", async () => {
  const api = await start();
  const audrey = await photo("audrey.jpg");
  const enrol = async () =>
    (await api.run("POST", IDENTITY, [["input_images", audrey]])).identity_id as string;
  const exists = async (id: string) => (await api.call("GET", `/v1/identities/${id}`)).status === 200;

  it.each<
    [
      string,
      (
        a: string,
        b: string,
      ) => { query?: string; json?: unknown; body?: string; headers?: Record<string, string> },
    ]
  >([
    ["identity_id= repeated", (a, b) => ({ query: `identity_id=${a}&identity_id=${b}` })],
    ["identity_id[]=", (a, b) => ({ query: `identity_id[]=${a}&identity_id[]=${b}` })],
    [
      "identity_id[]= percent-encoded",
      (a, b) => ({ query: `identity_id%5B%5D=${a}&identity_id%5b%5d=${b}` }),
    ],
    ["identity_id[0]=", (a, b) => ({ query: `identity_id[0]=${a}&identity_id[1]=${b}` })],
    [
      "identity_id[0]= percent-encoded",
      (a, b) => ({ query: `identity_id%5B0%5D=${a}&identity_id%5B1%5D=${b}` }),
    ],
    ["a JSON body", (a, b) => ({ json: { identity_id: [a, b] } })],
    [
      "a JSON body of an undeclared type",
      (a, b) => ({ body: JSON.stringify({ identity_id: [a, b], other: null }) }),
    ],
    [
      "a form body",
      (a, b) => ({
        body: `identity_id[]=${a}&identity_id[]=${b}`,
        headers: { "content-type": "application/x-www-form-urlencoded" },
      }),
    ],
    [
      "the query beside an empty JSON body",
      (a, b) => ({ query: `identity_id=${a}&identity_id=${b}`, json: {} }),
    ],
    ["the same id twice", (a, b) => ({ query: `identity_id=${a}&identity_id=${b}&identity_id=${a}` })],
  ])("takes %s", async (_, style) => {
    const [a, b] = [await enrol(), await enrol()];
    const { query, ...options } = style(a, b);
    const answer = await api.call("DELETE", `${IDENTITY}${query ? `?${query}` : ""}`, options);
    expect(answer.status).toBe(204);
    expect(answer.body).toBe("");
    expect(await exists(a)).toBe(false);
    expect(await exists(b)).toBe(false);
  });

  it("takes a single id as a JSON string", async () => {
    const a = await enrol();
    expect((await api.call("DELETE", IDENTITY, { json: { identity_id: a } })).status).toBe(204);
  });

  it("deletes nothing of a list with an unknown id, and says which, and 404s the second time", async () => {
    const a = await enrol();
    const answer = await api.call("DELETE", `${IDENTITY}?identity_id=${a}&identity_id=unknown`);
    expect(answer.status).toBe(404);
    expect(answer.body.message).toContain("unknown");
    expect(await exists(a)).toBe(true);
    expect((await api.call("DELETE", `${IDENTITY}?identity_id=${a}`)).status).toBe(204);
    expect((await api.call("DELETE", `${IDENTITY}?identity_id=${a}`)).status).toBe(404);
  });

  it.each([
    ["no id", ""],
    ["an empty id", "?identity_id="],
  ])("answers 400 to %s", async (_, query) => {
    expect((await api.call("DELETE", IDENTITY + query)).status).toBe(400);
  });

  it("works while jobs of the identity run: they end, with a reason or without it", async () => {
    const id = await enrol();
    const jobs = await Promise.all([
      api.call("PUT", IDENTITY, {
        body: form([
          ["identity_id", id],
          ["input_images", await photo("sample1.jpg")],
        ]),
      }),
      api.call("POST", `${IDENTITY}/recognize`, {
        body: form([
          ["identity_id", id],
          ["input_image", await photo("sample2.jpg")],
        ]),
      }),
      api.call("POST", `${IDENTITY}/search`, { body: form([["input_image", audrey]]) }),
    ]);
    expect((await api.call("DELETE", `${IDENTITY}?identity_id=${id}`)).status).toBe(204);
    const [added, recognized, found] = await Promise.all(
      [IDENTITY, `${IDENTITY}/recognize`, `${IDENTITY}/search`].map((route, index) =>
        api.done(route, jobs[index]!.body.job_id),
      ),
    );
    if (added.status === "Failed") expect(added.error).toContain("deleted");
    if (recognized.status === "Failed") expect(recognized.error).toContain("deleted");
    expect(found.status).toBe("Succeeded");
    expect(await exists(id)).toBe(false);
  });
});

describe("every answer", async () => {
  const api = await start();

  it("carries a request id, the caller's own if it is a sane one", async () => {
    expect((await api.call("GET", "/healthz")).headers.get("x-request-id")).toMatch(ID);
    expect(
      (await api.call("GET", "/healthz", { headers: { "x-request-id": "mine-1" } })).headers.get(
        "x-request-id",
      ),
    ).toBe("mine-1");
    expect(
      (await api.call("GET", "/nowhere", { headers: { "x-request-id": "<script>" } })).headers.get(
        "x-request-id",
      ),
    ).toMatch(ID);
  });

  it("is JSON with three keys for unknown routes and methods", async () => {
    const unknown = await api.call("GET", "/nowhere");
    expect([unknown.status, keys(unknown.body)]).toEqual([404, PROBLEM_KEYS]);
    const method = await api.call("PATCH", "/login");
    expect([method.status, keys(method.body), method.headers.get("allow")]).toEqual([
      405,
      PROBLEM_KEYS,
      "POST",
    ]);
    const allowed = (await api.call("PATCH", IDENTITY)).headers.get("allow")!.split(", ");
    expect(allowed.toSorted()).toEqual(["DELETE", "GET", "HEAD", "POST", "PUT"]);
  });

  it("comes for HEAD without a body, and for a browser's preflight", async () => {
    const head = await api.call("HEAD", "/healthz");
    expect([head.status, head.body]).toEqual([200, ""]);
    const preflight = await api.call("OPTIONS", IDENTITY, {
      token: null,
      headers: {
        origin: "https://page.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-credentials")).toBeNull();
    const refused = await api.call("GET", IDENTITY, {
      token: null,
      headers: { origin: "https://page.example" },
    });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, "*"]);
  });

  it("comes only to the origins that are allowed, where they are named", async () => {
    const narrow = await start({ limits: { origins: ["https://mine.example"] } });
    const from = async (origin: string) =>
      (await narrow.call("GET", "/healthz", { headers: { origin } })).headers.get(
        "access-control-allow-origin",
      );
    expect(await from("https://mine.example")).toBe("https://mine.example");
    expect(await from("https://other.example")).toBeNull();
  });

  it("comes for an absolute request target, doubled slashes and a trailing one", async () => {
    const target = await api.raw([
      `GET http://faces.example${IDENTITY}?job_id=x HTTP/1.1\r\nHost: faces.example\r\nAuthorization: Bearer ${api.token}\r\n\r\n`,
    ]);
    expect([target.status, target.body]).toEqual([200, { status: "Unknown Job" }]);
    expect((await api.call("GET", `/${IDENTITY}/?job_id=x`)).body).toEqual({ status: "Unknown Job" });
  });

  it("comes for HTTP/1.0 without a Host, and is a problem for a malformed one", async () => {
    expect((await api.raw(["GET /healthz HTTP/1.0\r\n\r\n"])).body).toEqual({ status: "ok" });
    for (const request of [
      "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n",
      "GET /a\\b HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
    ]) {
      const answer = await api.raw([request]);
      expect([answer.status, keys(answer.body)], request).toEqual([400, PROBLEM_KEYS]);
    }
  });
});

describe("closing the service", () => {
  it("lets held status answers go with the state there is", async () => {
    const api = await start();
    await api.service.ready();
    await api.service.worker.stop();
    const { body } = await api.call("POST", IDENTITY, {
      body: form([["input_images", await photo("audrey.jpg")]]),
    });
    const held = api.call("GET", `${IDENTITY}?job_id=${body.job_id}&wait=30`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await api.service.close();
    expect((await held).body).toEqual({ status: "Sent" });
  });
});

describe("/readyz", () => {
  it("is 503 until a real recognition has passed", async () => {
    const api = await start();
    await api.service.ready();
    expect((await api.call("GET", "/readyz", { token: null })).status).toBe(200);
    const broken = await start({
      engine: {
        ...api.engine,
        info: () => api.engine.info(),
        warm: () => Promise.reject(new Error("wrong weights")),
      },
    });
    await expect(broken.service.ready()).rejects.toThrow("wrong weights");
    const answer = await broken.call("GET", "/readyz", { token: null });
    expect([answer.status, keys(answer.body)]).toEqual([503, PROBLEM_KEYS]);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect((await broken.call("GET", "/healthz", { token: null })).status).toBe(200);
  });
});
