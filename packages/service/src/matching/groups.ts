/** Members 0 to count - 1, grouped by links: who is linked to one of a group belongs to it. */
export function groupsOf(count: number, isLinked: (one: number, other: number) => boolean): number[][] {
  const group = Array.from({ length: count }, (_, index) => index);
  const root = (index: number): number => (group[index] === index ? index : root(group[index]!));
  for (let one = 0; one < count; one++)
    for (let other = 0; other < one; other++) if (isLinked(one, other)) group[root(one)] = root(other);
  return [...Map.groupBy(group.keys(), root).values()];
}
