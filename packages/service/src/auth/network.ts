import { isIPv6 } from "node:net";

/** One host of IPv6 has 2^64 addresses to guess from: a /64 counts as one, and a mapped IPv4 address as itself. */
export function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  if (!isIPv6(address)) return address;
  const [before = "", after = ""] = address.toLowerCase().split("::");
  const [head, tail] = [before, after].map((part) => (part === "" ? [] : part.split(":")));
  const missing = address.includes("::") ? 8 - head!.length - tail!.length : 0;
  const groups = [...head!, ...Array.from({ length: missing }, () => "0"), ...tail!];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
