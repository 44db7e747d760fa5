/** Between the two texts: no one types it. */
const SEPARATOR = "\u001f";

/** One form for all spellings of a text that differ only in case or composition; SQLite's own lower() knows ASCII only. */
export function fold(text: string): string {
  return text.normalize("NFKC").toUpperCase();
}

/** What `IdentityFilter.text` looks through. */
export function foldForSearch(
  externalId: string | null | undefined,
  metadata: Record<string, unknown>,
): string {
  const name = typeof metadata.name === "string" ? metadata.name : "";
  return fold((externalId ?? "") + SEPARATOR + name);
}
