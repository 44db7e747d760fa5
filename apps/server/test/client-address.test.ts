import { describe, expect, it } from "vitest";
import { clientAddress, parseTrustedProxies } from "../src/client-address.ts";

const from = (peer: string, forwardedFor: string | null, trusted: string) =>
  clientAddress(peer, forwardedFor, parseTrustedProxies(trusted));

describe("clientAddress", () => {
  it("believes no header unless a proxy is trusted", () => {
    expect(clientAddress("192.0.2.9", "198.51.100.1", undefined)).toBe("192.0.2.9");
    expect(from("192.0.2.9", "198.51.100.1", "10.0.0.0/8")).toBe("192.0.2.9");
    expect(clientAddress(undefined, "198.51.100.1", 1)).toBeUndefined();
  });

  it("takes the address that the trusted proxy saw, and none that the client made up", () => {
    for (const trusted of ["10.0.0.0/8", "10.0.0.2", "1"]) {
      expect(from("10.0.0.2", "198.51.100.1", trusted)).toBe("198.51.100.1");
      expect(from("10.0.0.2", "203.0.113.7, 10.0.0.3, 198.51.100.1", trusted)).toBe("198.51.100.1");
      expect(from("10.0.0.2", null, trusted)).toBe("10.0.0.2");
    }
  });

  it("goes through several proxies, as many as are trusted", () => {
    const header = "203.0.113.7, 198.51.100.1, 10.0.0.3";
    expect(from("10.0.0.2", header, "2")).toBe("198.51.100.1");
    expect(from("10.0.0.2", header, "10.0.0.2, 10.0.0.3")).toBe("198.51.100.1");
    expect(from("10.0.0.2", header, "10.0.0.2")).toBe("10.0.0.3");
    expect(from("10.0.0.2", "10.0.0.4", "3")).toBe("10.0.0.4");
  });

  it("stops at what is no address", () => {
    for (const rubbish of ["unknown", "_hidden", "1", "0x7f.1", "", "198.51.100.1 198.51.100.2", "a:b:80"])
      expect(from("10.0.0.2", `198.51.100.1, ${rubbish}`, "10.0.0.0/8"), rubbish).toBe("10.0.0.2");
  });

  it("reads both families, mapped addresses, and entries with a port", () => {
    expect(from("::ffff:10.0.0.2", "198.51.100.1", "10.0.0.0/8")).toBe("198.51.100.1");
    expect(from("fd00::2", "2001:db8::1", "fd00::/8")).toBe("2001:db8::1");
    expect(from("::1", "[2001:db8::1]:4711", "::1,127.0.0.1")).toBe("2001:db8::1");
    expect(from("127.0.0.1", "198.51.100.1:4711", "::1 127.0.0.1")).toBe("198.51.100.1");
  });
});

describe("parseTrustedProxies", () => {
  it.each([
    "",
    ",",
    "0",
    "100",
    "-1",
    "1.5",
    "proxy",
    "10.0.0.0/33",
    "fd00::/129",
    "10.0.0.0/",
    "10.0.0/8",
    "10.0.0.0/8/8",
    "10.0.0.1, nginx",
  ])("takes no %j", (text) => expect(parseTrustedProxies(text)).toBeUndefined());
});
