import ipaddr from "ipaddr.js";

/** One host of IPv6 has 2^64 addresses to guess from: a /64 counts as one, and a mapped IPv4 address as itself. */
export function network(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  const parsed = ipaddr.IPv6.parse(address);
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString();
  return parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":");
}
