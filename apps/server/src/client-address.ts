import { BlockList, isIP, isIPv6 } from "node:net";

/** Who may say on whose behalf a request comes: so many proxies in a row, or the addresses that they have. */
export type TrustedProxies = number | BlockList;

/** Of `2`, or `10.0.0.0/8, ::1`; undefined when it is neither. */
export function parseTrustedProxies(text: string): TrustedProxies | undefined {
  if (/^[1-9]\d?$/.test(text)) return Number(text);
  const networks = new BlockList();
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const [address = "", length, ...rest] = part.split("/");
    const bits = isIPv6(address) ? 128 : 32;
    const prefix = length === undefined ? bits : Number(length);
    if (!isIP(address) || rest.length > 0 || !/^\d*$/.test(length ?? "") || length === "" || prefix > bits)
      return undefined;
    networks.addSubnet(address, prefix, familyOf(address));
  }
  return networks.rules.length > 0 ? networks : undefined;
}

/**
 * Whom a request comes from. Every proxy adds to `X-Forwarded-For` on the right whom it had it from; what stands further left,
 * whoever sent the request may have made up. So it is read from the right, for as long as each address is one of a proxy.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | null,
  trusted: TrustedProxies | undefined,
): string | undefined {
  if (peer === undefined || trusted === undefined) return peer;
  const senders = (forwardedFor ?? "").split(",").toReversed().map(bareAddress);
  let client = peer;
  for (const [proxies, sender] of senders.entries()) {
    const believed =
      typeof trusted === "number" ? proxies < trusted : trusted.check(client, familyOf(client));
    // Not an address: `unknown`, or rubbish. The proxy before it is then the last that is known.
    if (!believed || sender === undefined) break;
    client = sender;
  }
  return client;
}

/** Whether whoever connects from there does it on others' behalf. */
export function isProxy(peer: string, trusted: TrustedProxies | undefined): boolean {
  if (trusted === undefined) return false;
  return typeof trusted === "number" || trusted.check(peer, familyOf(peer));
}

const familyOf = (address: string) => (isIPv6(address) ? "ipv6" : "ipv4");

/** Some proxies write the port too: `192.0.2.1:443`, `[2001:db8::1]:443`. */
function bareAddress(entry: string): string | undefined {
  const [, bracketed, plain] = /^\s*(?:\[([^\]]+)\](?::\d+)?|([^\s:]+):\d+)\s*$/.exec(entry) ?? [];
  const address = bracketed ?? plain ?? entry.trim();
  return isIP(address) ? address : undefined;
}
