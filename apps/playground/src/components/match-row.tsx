import type { SearchMatchFieldsFragment } from "@prosopon/react-hooks";
import { Link } from "@tanstack/react-router";
import { nameOf, score as digits } from "../library/text.ts";
import classes from "./match.module.css";
import { PersonAvatar } from "./person-avatar.tsx";
import { type Lines, ScoreBar } from "./score-bar.tsx";

interface MatchRowProps {
  match: SearchMatchFieldsFragment;
  rank: number;
  lines: Lines;
}

export function MatchRow({ match, rank, lines }: MatchRowProps) {
  const person = match.identity ?? { identityId: match.identityId };
  const { score, margin } = match;
  const isKnown = score >= (lines.own ?? lines.listed);
  const verdict =
    score >= lines.recognized ? "Recognised" : score > lines.listed ? "Likely" : "Below listing threshold";
  const color =
    score >= lines.recognized ? "var(--sea)" : score > lines.listed ? "var(--honey)" : "var(--quiet)";
  return (
    <li className={classes.match} data-known={isKnown || undefined}>
      <PersonAvatar person={person} size={56} />
      <div>
        <div className={classes.head}>
          <span>
            <span className="number">{rank}. </span>
            {match.identity ? (
              <Link to="/people/$personId" params={{ personId: match.identityId }}>
                {nameOf(person)}
              </Link>
            ) : (
              <strong>{nameOf(person)} (deleted since)</strong>
            )}
          </span>
          <span className={`${classes.score} number`}>{digits(score)}</span>
        </div>
        <ScoreBar score={score} lines={lines} />
        <div className={classes.head}>
          <span className={classes.verdict} style={{ color }}>
            {verdict}
          </span>
          <span className={`${classes.note} number`}>
            {margin === null ? "no runner-up" : `${digits(margin)} ahead of the next`}
          </span>
        </div>
      </div>
    </li>
  );
}
