import { Group, Paper, Text, Title } from "@mantine/core";
import type { RecognitionMatchFieldsFragment } from "@prosopon/react-hooks";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { nameOf, score as digits } from "../library/text.ts";
import { type Lines, ScoreBar, ScoreLegend } from "./score-bar.tsx";

interface VerdictProps {
  match: RecognitionMatchFieldsFragment;
  person: { name: string | null; externalId: string | null; identityId: string };
  lines: Lines;
}

/** Yes or no, by the server's line or by the one that the person who looks has drawn. */
export function Verdict({ match, person, lines }: VerdictProps) {
  const isThem = lines.own === undefined ? match.recognized : match.score >= lines.own;
  const Icon = isThem ? IconCircleCheck : IconCircleX;
  return (
    <Paper className="rise" aria-live="polite">
      <Group wrap="nowrap" align="flex-start" mb="md">
        <Icon
          size={34}
          stroke={1.7}
          color={isThem ? "var(--sea)" : "var(--clay)"}
          aria-hidden
          style={{ flex: "none" }}
        />
        <div style={{ flex: 1 }}>
          <Title order={2} fz="1.375rem">
            {isThem ? `Yes, this is ${nameOf(person)}` : `No, not ${nameOf(person)} as we know them`}
          </Title>
          <Text c="dimmed" mt={2} className="number">
            Score {digits(match.score)}
            {lines.own === undefined ? "" : ", judged by your threshold"}
          </Text>
        </div>
      </Group>
      <ScoreBar score={match.score} lines={lines} />
      <ScoreLegend lines={lines} />
    </Paper>
  );
}
