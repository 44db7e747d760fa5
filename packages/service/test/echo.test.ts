import { beforeAll, describe, expect, it } from "vitest";
import { photo, raw, start, type Fixture } from "./fixture.ts";

/** What may be a secret, an image, or somebody's name: longer than any id, and of an alphabet that ids may have. */
const MARK = "S3CRET".repeat(12);

let api: Fixture;
beforeAll(async () => {
  api = await start();
});

function form(fields: Record<string, string | Blob>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value as Blob);
  return data;
}

describe("what was sent comes back in no error and no line of the log", () => {
  const json = (method: string, path: string, body: unknown) => () => api.call(method, path, { json: body });
  const text = (method: string, path: string, body: string) => () =>
    api.call(method, path, { body, headers: { "content-type": "application/json" } });
  const parts = (method: string, path: string, fields: Record<string, string | Blob>) => () =>
    api.call(method, path, { body: form(fields) });
  const IDENTITY = "/innovation-service/identity";

  it.each<[string, () => Promise<{ status: number; body: unknown }>]>([
    ["a secret that is an object", json("POST", "/login", { clientId: MARK, secretId: { [MARK]: MARK } })],
    ["a secret that is a list", json("POST", "/login", { clientId: "a", secretId: [MARK] })],
    ["a wrong secret", json("POST", "/login", { clientId: MARK, secretId: MARK })],
    ["a body that is no JSON", text("POST", "/login", `{"secretId": "${MARK}`)],
    ["a refresh token of the wrong kind", json("POST", "/token", { refreshToken: { a: MARK } })],
    ["a wrong refresh token", json("POST", "/token", { refreshToken: MARK })],
    ["a list of ids that are none", json("DELETE", IDENTITY, { identity_id: [{ a: MARK }] })],
    ["an unknown id", json("DELETE", IDENTITY, { identity_id: [MARK] })],
    ["metadata that is text", json("PATCH", "/v1/identities/x", { metadata: MARK })],
    [
      "an external id that is an object",
      json("PATCH", "/v1/identities/x", { external_id: { [MARK]: MARK } }),
    ],
    ["an unknown identity", () => api.call("GET", `/v1/identities/${MARK}`)],
    ["an unknown job", () => api.call("GET", `/v1/jobs/${MARK}`)],
    ["an unknown face", () => api.call("DELETE", `/v1/faces/${MARK}`)],
    ["an unknown upload", () => api.call("DELETE", `/v1/uploads/${MARK}`)],
    ["an unknown path", () => api.call("GET", `/v1/${MARK}`)],
    ["filters that are none", () => api.call("GET", `/v1/jobs?status=${MARK}&kind=${MARK}&limit=${MARK}`)],
    ["a cursor that is none", () => api.call("GET", `/v1/identities?cursor=${MARK}`)],
    ["a job id that is none", () => api.call("GET", `/v1/identities?limit=${MARK}`)],
    [
      "a number that is text",
      parts("POST", `${IDENTITY}/search`, { max_result: MARK, input_image: new Blob([MARK]) }),
    ],
    ["an image as text", parts("POST", `${IDENTITY}/search`, { input_image: MARK.repeat(100) })],
    ["an image under another name", parts("POST", IDENTITY, { [MARK]: new Blob([MARK]) })],
    [
      "an unknown identity to recognise",
      parts("POST", `${IDENTITY}/recognize`, { identity_id: MARK, input_image: new Blob([MARK]) }),
    ],
    ["a token", () => api.call("GET", "/v1/account", { token: MARK })],
  ])("%s", async (_, send) => {
    api.log.length = 0;
    const { status, body } = await send();
    expect(status).toBeGreaterThanOrEqual(400);
    expect(JSON.stringify(body)).not.toContain("S3CRET");
    expect(api.log.join("")).not.toContain("S3CRET");
  });
});

describe("filters by metadata", () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => `metadata[k${at}]=v`).join("&");

  it("are bounded in number and length: 400 with the reason, not a database's fault", async () => {
    expect((await api.call("GET", `/v1/identities?${many(20)}`)).status).toBe(200);
    for (const query of [many(600), `metadata[a]=${"v".repeat(2_000)}`, `metadata[${"k".repeat(2_000)}]=v`]) {
      const { status, body } = await api.call("GET", `/v1/identities?${query}`);
      expect([status, body.message]).toEqual([400, expect.stringContaining("metadata")]);
    }
  });
});

describe("a form", () => {
  it("has its text fields read also where they come with a file name", async () => {
    const image = new Blob([new Uint8Array(await photo("franck_01829.jpg"))]);
    const search = form({ input_image: image });
    search.append("max_result", new Blob(["11x"]), "max_result.txt");
    expect((await api.call("POST", "/innovation-service/identity/search", { body: search })).status).toBe(
      400,
    );
    const recognise = form({ input_image: image });
    recognise.append("identity_id", new Blob(["nobody"]), "id.txt");
    const answer = await api.call("POST", "/innovation-service/identity/recognize", { body: recognise });
    expect([answer.status, answer.body.message]).toEqual([404, expect.stringContaining("nobody")]);
  });

  it("has an upload's id known in whatever pieces it comes", async () => {
    const upload = await api.call("POST", "/v1/uploads", {
      body: new Uint8Array(await photo("franck_01829.jpg")),
      headers: { "content-type": "image/jpeg" },
    });
    const id: string = upload.body.upload_id;
    const head = `--b\r\nContent-Disposition: form-data; name="input_image"\r\n\r\n`;
    const tail = "\r\n--b--\r\n";
    for (const at of [1, 18, 35]) {
      const answer = await raw(api.port, [
        `POST /innovation-service/identity/search HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${head.length + id.length + tail.length}\r\n\r\n${head}${id.slice(0, at)}`,
        id.slice(at),
        tail,
      ]);
      expect([answer.status, Object.keys(answer.body)]).toEqual([200, ["job_id"]]);
    }
  });
});
