import { Progress, Text } from "@mantine/core";
import { percent } from "../library/text.ts";

interface QualityProps {
  quality: { score: number; reasons: readonly string[]; size: number };
}

/** Above: nothing to improve; below the other: expect trouble. For the eye only, the service decides by itself. */
const GOOD = 0.7;
const POOR = 0.4;

export function qualityColor(score: number): "sea" | "honey" | "red" {
  if (score >= GOOD) return "sea";
  return score >= POOR ? "honey" : "red";
}

export function Quality({ quality: { score, reasons, size } }: QualityProps) {
  return (
    <>
      <Text
        size="sm"
        fw={600}
        className="number"
        style={{ display: "flex", justifyContent: "space-between" }}
      >
        <span>Quality</span>
        <span>{percent(score)}</span>
      </Text>
      <Progress
        value={score * 100}
        color={qualityColor(score)}
        size={6}
        my={7}
        aria-label={`Quality ${percent(score)}`}
      />
      <Text size="sm" c="dimmed" style={{ textWrap: "pretty" }}>
        {reasons.length > 0 ? sentence(reasons) : "Clear, sharp and large enough."}{" "}
        <span className="number">{Math.round(size)} px between the eyes.</span>
      </Text>
    </>
  );
}

function sentence(reasons: readonly string[]): string {
  const text = reasons.join(", ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
