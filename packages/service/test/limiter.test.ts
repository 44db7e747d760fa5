import { describe, expect, it } from "vitest";
import { createLoginLimiter } from "../src/auth/limiter.ts";
import { defaultLimits } from "../src/limits.ts";
import { FakeClock } from "./fixture.ts";

const guess = (addresses: string[]) => {
  const limiter = createLoginLimiter(new FakeClock(), { ...defaultLimits, loginFailures: 3 });
  for (const address of addresses) limiter.failed("client", address);
  return (address: string) => () => limiter.check("client", address);
};

describe("wrong logins", () => {
  it("count together from the addresses of one IPv6 network of 64 bits, however they are written", () => {
    const from = guess(["2001:db8:0:1::1", "2001:DB8::1:0:0:0:2", "2001:0db8:0000:0001:a:b:c:d"]);
    expect(from("2001:db8:0:1::77")).toThrow(/too many wrong logins/);
    expect(from("2001:db8:0:2::77")).not.toThrow();
  });

  it("count apart from IPv4 addresses, also from those that are written as IPv6", () => {
    const from = guess(["::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"]);
    expect(from("192.0.2.1")).toThrow(/too many wrong logins/);
    expect(from("::ffff:192.0.2.2")).not.toThrow();
  });

  it("count apart from two IPv4 addresses, however a proxy writes them as IPv6", () => {
    const from = guess(["::ffff:c000:201", "0:0:0:0:0:ffff:192.0.2.1", "::FFFF:192.0.2.1"]);
    expect(from("192.0.2.1")).toThrow(/too many wrong logins/);
    expect(from("::ffff:c000:202")).not.toThrow();
  });

  it("count apart from two networks of 64 bits that are written with a dotted end", () => {
    const from = guess(Array.from({ length: 3 }, () => "2001:db8::1:2:3:192.0.2.1"));
    expect(from("2001:db8:0:1::9")).toThrow(/too many wrong logins/);
    expect(from("2001:db8::9")).not.toThrow();
  });
});
