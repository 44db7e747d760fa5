import { queryObjects } from "node:v8";
import { describe, expect, it } from "vitest";
import { form, photo, realEngine, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";
const WAITS = 1_000;

/** Before it counts, V8 lets go of what nothing refers to. */
const alive = () => ({
  signals: queryObjects(AbortSignal, { format: "count" }),
  functions: queryObjects(Function, { format: "count" }),
});

describe("?wait=", () => {
  it("leaves nothing behind once it is answered, however often it is asked", async () => {
    // Never ready, so the job stays and every wait lasts.
    const api = await start({ engine: { ...realEngine(), warm: () => new Promise(() => {}) } });
    const { job_id } = (
      await api.call("POST", IDENTITY, { body: form([["input_images", await photo("audrey.jpg")]]) })
    ).body;
    const wait = async () => {
      const answer = await api.call("GET", `${IDENTITY}?job_id=${job_id}&wait=0.001`);
      expect(answer).toMatchObject({ status: 200, body: { status: "Sent" } });
    };
    for (let i = 0; i < 200; i++) await wait();
    const before = alive();
    for (let i = 0; i < WAITS; i += 10) await Promise.all(Array.from({ length: 10 }, wait));
    const after = alive();
    // A listener that stays would be two functions a wait; some hundred of others come and go.
    expect(after.signals - before.signals).toBeLessThan(WAITS / 10);
    expect(after.functions - before.functions).toBeLessThan(WAITS);
  });
});
