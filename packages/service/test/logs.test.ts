import { describe, expect, it } from "vitest";
import { form, photo, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

describe("the log", () => {
  it("names requests and jobs, and holds no token, secret, image or embedding, whatever is sent", async () => {
    const api = await start();
    const face = await photo("audrey.jpg");
    const { token, refreshToken } = (await api.login()).body;
    await api.login(api.clientId, "a-wrong-secret-guess");
    await api.call("GET", `${IDENTITY}?job_id=x`, { token: `${token}broken` });
    await api.call("GET", `/v1/events?token=${token}`, { headers: { accept: "application/json" } });
    await api.call("GET", `/nowhere/${token}?secretId=${api.secretId}`);
    await api.call("POST", "/token", { token, json: { refreshToken } });
    await api.call("POST", "/token", { token, json: { refreshToken } });
    const { body } = await api.call("POST", "/v1/identities", {
      body: form([
        ["input_images", face, "my-private-name.jpg"],
        ["external_id", "patient-4711"],
        ["metadata", '{"name":"Jane Roe"}'],
      ]),
    });
    const { identity_id } = await api.done(IDENTITY, body.job_id);
    await api.run("POST", `${IDENTITY}/recognize`, [
      ["input_image", face],
      ["identity_id", identity_id],
    ]);
    await api.call("POST", IDENTITY, { body: form([["input_images", Buffer.from("not an image")]]) });

    const log = api.log.join("");
    const lines = api.log.map((line) => JSON.parse(line));
    expect(lines.filter(({ msg }) => msg === "request").length).toBeGreaterThan(8);
    for (const { requestId, method, route, status, ms } of lines.filter(({ msg }) => msg === "request")) {
      expect([typeof requestId, typeof method, typeof status, typeof ms]).toEqual([
        "string",
        "string",
        "number",
        "number",
      ]);
      expect(route).toMatch(/^(unknown|\/[a-z0-9/:.-]*)$/);
    }
    expect(lines.some(({ job, status }) => job === body.job_id && status === "Succeeded")).toBe(true);
    const secrets = [
      api.secretId,
      "a-wrong-secret-guess",
      token,
      refreshToken,
      api.token,
      token.split(".")[2],
      "Bearer",
      "my-private-name",
      "patient-4711",
      "Jane Roe",
      "not an image",
    ];
    for (const secret of secrets) expect(log.includes(secret), secret).toBe(false);
  });

  it("is not filled by balancers that ask whether all is well", async () => {
    const api = await start();
    await expect.poll(async () => (await api.call("GET", "/readyz")).status).toBe(200);
    const before = api.log.length;
    for (const path of ["/healthz", "/readyz", "/readyz", "/v1/server"])
      expect((await api.call("GET", path)).status).toBe(200);
    const lines = api.log.slice(before).map((line) => JSON.parse(line));
    expect(lines.filter(({ level }) => level >= 30).map(({ route }) => route)).toEqual(["/v1/server"]);
  });
});
