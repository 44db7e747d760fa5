/** A Standard Schema path as plain text keys. */
export function issuePath(
  path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined,
): string[] {
  return (path ?? []).map((segment) => String(typeof segment === "object" ? segment.key : segment));
}
