/** From this share on a resource is at its limit: what comes waits several times as long as it takes. */
const FULL = 0.8;

/** What is held while another is waited for comes after that other, which is the cause. */
const CAUSES_FIRST = [
  ["database_cores", "replica_cores", "worker_cores", "api"],
  ["worker_main"],
  ["head"],
  ["connections"],
];

const largest = (shares: [name: string, share: number][]) => shares.sort(([, a], [, b]) => b - a)[0];

/**
 * The resource at its limit. Where none is, more machines of one kind move nothing: it is what the slowest searches spend
 * their time with. The log is no such resource: it is flushed without a pause long before it is full, as commits share flushes.
 */
export function bottleneck({
  utilisation,
  slowest,
}: {
  utilisation: Record<string, number>;
  slowest: Record<string, number>;
}): {
  resource?: string;
  slowest: string;
} {
  const full = (names: string[]) =>
    largest(
      names
        .map((name) => [name, utilisation[name] ?? 0] as [string, number])
        .filter(([, share]) => share >= FULL),
    );
  const resource = CAUSES_FIRST.map(full).find((found) => found !== undefined)?.[0];
  const [what = ""] = largest(Object.entries(slowest)) ?? [];
  return { ...(resource !== undefined && { resource }), slowest: what };
}
