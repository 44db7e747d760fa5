import { describe, expect, it } from "vitest";
import { createSteadyClock } from "../src/index.ts";

const HOUR_MS = 3_600_000;

/** A machine whose clock can be set; its counter goes on whatever happens to that. Milliseconds. */
function machine() {
  let wall = 1_800_000_000_000;
  let counter = 5_000;
  return {
    clock: createSteadyClock(
      () => wall,
      () => counter,
    ),
    wall: () => wall,
    pass: (ms: number) => ((wall += ms), (counter += ms)),
    set: (ms: number) => (wall += ms),
  };
}

describe("the clock of one process", () => {
  it("is the machine's, also after a suspension or a step forward", () => {
    const { clock, wall, pass, set } = machine();
    pass(90_000);
    expect(clock.now()).toBe(wall());
    set(2 * HOUR_MS);
    expect(clock.now()).toBe(wall());
  });

  it("never goes back and never stands when the machine's is set back, and terms grow by a ninth at most", () => {
    const { clock, pass, set } = machine();
    const before = clock.now();
    set(-2 * HOUR_MS);
    expect(clock.now()).toBe(before);
    for (let minutes = 1; minutes <= 60; minutes++) {
      pass(60_000);
      expect(clock.now()).toBe(before + minutes * 54_000);
    }
  });

  it("agrees with the machine's again within a day of a step of two hours, forth and back too", () => {
    const { clock, wall, pass, set } = machine();
    for (const step of [-2, 2, 1, -3, 2]) {
      set(step * HOUR_MS);
      clock.now();
    }
    expect(clock.now() - wall()).toBe(HOUR_MS);
    for (let hours = 0; hours < 24; hours++) {
      pass(HOUR_MS);
      clock.now();
    }
    expect(clock.now()).toBe(wall());
  });

  it("follows a machine's clock that is set far forward and back only slowly", () => {
    const { clock, pass, set } = machine();
    set(24 * HOUR_MS);
    const ahead = clock.now();
    set(-24 * HOUR_MS);
    pass(1_000);
    expect(clock.now()).toBe(ahead + 900);
  });
});
