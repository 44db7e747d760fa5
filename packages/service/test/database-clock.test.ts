import { afterEach, describe, expect, it } from "vitest";
import { openDatabaseClock, type DatabaseClock } from "../src/database-clock.ts";

/** A counter, a database that is `ahead` of it, and a network that takes `there` and `back`; all milliseconds. */
function world() {
  const state = { counter: 5_000, ahead: 1_800_000_000_000, there: 1, back: 1, away: false };
  return {
    state,
    steady: () => state.counter,
    ping: async () => {
      if (state.away) throw new Error("away");
      state.counter += state.there;
      const told = state.counter + state.ahead;
      state.counter += state.back;
      return told;
    },
    error: (clock: DatabaseClock) => clock.now() - (state.counter + state.ahead),
  };
}

describe("the database's clock", () => {
  let clock: DatabaseClock;
  afterEach(() => clock.close());

  it("is told to within half the way there and back", async () => {
    const { state, error, ...options } = world();
    Object.assign(state, { there: 30, back: 10 });
    clock = await openDatabaseClock(options, options);
    expect(Math.abs(error(clock))).toBeLessThanOrEqual(20);
    state.counter += 3_600_000;
    expect(Math.abs(error(clock))).toBeLessThanOrEqual(20);
  });

  it("is not moved by a slow answer, but by a database whose clock was set or replaced", async () => {
    const { state, error, ...options } = world();
    clock = await openDatabaseClock(options, options);
    Object.assign(state, { there: 1, back: 4_000 });
    await clock.measure();
    expect(Math.abs(error(clock))).toBeLessThanOrEqual(1);
    Object.assign(state, { ahead: state.ahead - 90_000, back: 1 });
    await clock.measure();
    expect(Math.abs(error(clock))).toBeLessThanOrEqual(1);
  });

  it("goes on by the last measurement while the database is away", async () => {
    const { state, error, ...options } = world();
    clock = await openDatabaseClock(options, options);
    state.away = true;
    await expect(clock.measure()).rejects.toThrow("away");
    state.counter += 10_000;
    expect(Math.abs(error(clock))).toBeLessThanOrEqual(1);
  });
});
