import { Text } from "@mantine/core";
import type { IdentifyJobFieldsFragment } from "@prosopon/react-hooks";
import { IconUserQuestion } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { nameOf, score as digits } from "../library/text.ts";
import classes from "./match.module.css";
import { PersonAvatar } from "./person-avatar.tsx";

type Face = NonNullable<IdentifyJobFieldsFragment["faces"]>[number];

const verdicts = { MATCH: "Recognised", POSSIBLE: "Likely", UNKNOWN: "Nobody we know" } as const;
const colors = { MATCH: "var(--sea)", POSSIBLE: "var(--honey)", UNKNOWN: "var(--quiet)" } as const;

/** A face of a group photo, and who it is. */
export function FaceRow({ face, number }: { face: Face; number: number }) {
  const { decision, identity, identityId, score, candidates } = face;
  const [nearest] = candidates;
  return (
    <li className={classes.match} data-known={decision !== "UNKNOWN" || undefined}>
      {identityId ? (
        <PersonAvatar person={identity ?? { identityId }} size={56} />
      ) : (
        <IconUserQuestion size={56} stroke={1.2} color="var(--quiet)" aria-hidden />
      )}
      <div>
        <div className={classes.head}>
          <span>
            <span className="number">{number}. </span>
            {identity && (
              <Link to="/people/$personId" params={{ personId: identity.identityId }}>
                {nameOf(identity)}
              </Link>
            )}
            {!identity && (
              <strong>{identityId ? `${nameOf({ identityId })} (deleted since)` : "Unknown"}</strong>
            )}
          </span>
          {score !== null && <span className={`${classes.score} number`}>{digits(score)}</span>}
        </div>
        <Text className={classes.verdict} style={{ color: colors[decision] }}>
          {verdicts[decision]}
        </Text>
        {decision === "UNKNOWN" && nearest && (
          <span className={`${classes.note} number`}>
            Nearest: {nameOf(nearest.identity ?? nearest)}, {digits(nearest.score)}
          </span>
        )}
      </div>
    </li>
  );
}
