import { readdir } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { form, photo, start } from "./fixture.ts";

describe("POST ?wait=", async () => {
  const api = await start();
  await api.service.ready();
  const audrey = await photo("audrey.jpg");
  it("answers", async () => {
    for (let i = 0; i < 5; i++) {
    const t = performance.now();
    const answer = await api.call("POST", "/v1/identify?wait=10", { body: form([["input_image", audrey]]) });
    console.log(performance.now() - t, answer.status, JSON.stringify(answer.body).slice(0, 300));
    expect(answer.status).toBe(200);
    console.log(await readdir(path.join(api.directory, "blobs")));
    }
  });
});
