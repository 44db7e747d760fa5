import type { Goal, Report } from "../bench.ts";

/** One report of several storms: sums, but a goal that one of them missed is missed by that one's figure. */
export function together(storms: { name: string; report: Report }[]): Report {
  const goals = new Map<string, Goal>();
  for (const { report } of storms)
    for (const goal of report.goals) {
      const before = goals.get(goal.name);
      goals.set(goal.name, before ? worse(before, goal) : goal);
    }
  return {
    tables: storms.flatMap(({ name, report }) =>
      report.tables.map(({ title, rows }) => ({ title: `${title}: ${name}`, rows })),
    ),
    figures: Object.fromEntries(
      storms.flatMap(({ report }, at) =>
        Object.entries(report.figures).map(([figure, value]) => [
          at === 0 ? figure : `objects.${figure}`,
          value,
        ]),
      ),
    ),
    goals: [...goals.values()],
  };
}

function worse(one: Goal, other: Goal): Goal {
  if (misses(one)) return one;
  if (misses(other)) return other;
  return { ...one, value: one.value + other.value, goal: one.goal + other.goal };
}

export const misses = ({ direction, value, goal }: Goal): boolean =>
  direction === "<=" ? value > goal : value < goal;
