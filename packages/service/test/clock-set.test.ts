import { describe, expect, it } from "vitest";
import { systemClock } from "../src/index.ts";
import { backends } from "./backends.ts";
import { atEnd, eventually, form, photo, realEngine, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";
const JOBS = 60;
const TWO_HOURS_MS = 2 * 3_600_000;

describe.each(backends)("a clock that is set on $name", ({ open, skipped }) => {
  it.skipIf(skipped)(
    "back by two hours, forward by three and back again, leaves no job waiting",
    async () => {
      let offset = 0;
      // Worse than the clock of a process, which never goes back: as after restarts, or a failover of the database.
      const clock = { now: () => Date.now() + offset, after: systemClock.after };
      let hold = Promise.withResolvers<void>();
      const engine = realEngine();
      const api = await start({
        ...(await open(atEnd)),
        clock,
        engine: {
          ...engine,
          analyse: (image, options) => hold.promise.then(() => engine.analyse(image, options)),
        },
      });
      const image = await photo("audrey.jpg");
      const ended = async () =>
        (await Promise.all(ids.map((id) => api.call("GET", `/v1/jobs/${id}`)))).filter(
          ({ body }) => body.status === "Succeeded",
        ).length;
      const ids: string[] = [];
      for (const step of [-TWO_HOURS_MS, 1.5 * TWO_HOURS_MS, -TWO_HOURS_MS]) {
        hold = Promise.withResolvers();
        for (let i = 0; i < JOBS / 3; i++) {
          const { body } = await api.call("POST", `${IDENTITY}/search`, {
            body: form([["input_image", image]]),
          });
          ids.push(body.job_id);
        }
        offset += step;
        // Forward the token's hour is over; back it is not.
        expect((await api.call("GET", "/v1/account")).status).toBe(step > 0 ? 401 : 200);
        api.token = (await api.login()).body.token;
        hold.resolve();
        await eventually(ended).toBe(ids.length);
      }
    },
  );

  it.skipIf(skipped)("by days ends the tokens that were issued under it, not the sessions", async () => {
    let offset = 7 * 24 * 3_600_000;
    const now = () => Date.now() + offset;
    const api = await start({ ...(await open(atEnd)), clock: { now, after: systemClock.after } });
    const { body: session } = await api.login();
    offset = 0;
    const refused = await api.call("GET", "/v1/account", { token: session.token });
    expect(refused.status).toBe(401);
    expect(refused.body.message).toContain("expired");
    const { refreshToken } = session;
    const { body: fresh } = await api.call("POST", "/token", {
      token: session.token,
      json: { refreshToken },
    });
    expect((await api.call("GET", "/v1/account", { token: fresh.token })).status).toBe(200);
  });
});
