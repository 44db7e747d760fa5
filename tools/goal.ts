/** A goal of the product or of its source, judged on a figure of this run. A goal missed is printed as missed. */
export interface Goal {
  name: string;
  value: number;
  /** The bound, e.g. 25. */
  goal: number;
  /** `<=` when small is good. */
  direction: "<=" | ">=";
  unit: string;
}

export const holds = ({ value, goal, direction }: Goal): boolean =>
  direction === "<=" ? value <= goal : value >= goal;

export function verdict(goal: Goal): string {
  const value = `${goal.value} ${goal.unit}`.trimEnd();
  return `${holds(goal) ? "holds " : "MISSED"}  ${goal.name}: ${value} (goal ${goal.direction} ${goal.goal})`;
}
