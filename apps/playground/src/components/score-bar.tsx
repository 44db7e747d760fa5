import { score as digits } from "../library/text.ts";
import classes from "./match.module.css";

export interface Lines {
  listed: number;
  recognized: number;
  /** Drawn by the person who looks. */
  own?: number | undefined;
}

const at = (value: number) => `${Math.min(1, Math.max(0, value)) * 100}%`;

export function ScoreBar({ score, lines }: { score: number; lines: Lines }) {
  const color = score >= lines.recognized ? "#0f7a60" : score > lines.listed ? "#c99316" : "#9e968a";
  const label = `Score ${digits(score)}; listed above ${lines.listed}, recognised from ${lines.recognized}`;
  return (
    <div className={classes.bar} role="img" aria-label={label}>
      <i style={{ width: at(score), background: color }} />
      <u style={{ left: at(lines.listed) }} />
      <u style={{ left: at(lines.recognized) }} />
      {lines.own !== undefined && <b style={{ left: at(lines.own) }} />}
    </div>
  );
}

export function ScoreLegend({ lines }: { lines: Lines }) {
  return (
    <div className={`${classes.legend} number`}>
      <span>listed above {lines.listed}</span>
      <span>recognised from {lines.recognized}</span>
      {lines.own !== undefined && <span data-own="">your threshold {digits(lines.own)}</span>}
    </div>
  );
}
