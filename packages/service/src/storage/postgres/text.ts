/** PostgreSQL's texts cannot hold NUL or half a surrogate pair: each becomes U+FFFD, the replacement character. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  // Escaped by JSON.stringify; a look-alike behind an escaped backslash only costs the slower way.
  return /\\u(0000|d[89a-f])/.test(text) ? JSON.stringify(clean(value)) : text;
}

function clean(value: unknown): unknown {
  if (typeof value === "string") return storable(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [storable(key), clean(part)]));
}
