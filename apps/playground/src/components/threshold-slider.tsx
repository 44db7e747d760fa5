import { Paper, Slider, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { oneIn, type Point, rateAt } from "../library/calibration.ts";
import { score as digits } from "../library/text.ts";

interface ThresholdSliderProps {
  thresholds: { listed: number; recognized: number };
  /** How often a stranger reaches a score. */
  points: readonly Point[];
  /** What that means here, in a sentence: "1 in 100" is given. */
  meaning: (often: ReactNode) => ReactNode;
  value: number;
  onChange: (value: number) => void;
}

/** Where would you draw the line, and what would it cost? */
export function ThresholdSlider({ thresholds, points, meaning, value, onChange }: ThresholdSliderProps) {
  const rate = rateAt(points, value);
  return (
    <Paper>
      <Title order={2} mb={4} id="line">
        Your threshold: <span className="number">{digits(value)}</span>
      </Title>
      <Text c="dimmed" size="sm" mb="lg" role="status">
        {rate === undefined
          ? "This server publishes no error rates."
          : meaning(<b className="number">{oneIn(rate)}</b>)}
      </Text>
      <Slider
        aria-labelledby="line"
        thumbLabel="Your threshold on the score scale"
        min={0.5}
        max={1}
        step={0.005}
        value={value}
        onChange={onChange}
        label={null}
        mb="xl"
        marks={[
          { value: thresholds.listed, label: "listed" },
          { value: thresholds.recognized, label: "recognised" },
        ]}
      />
    </Paper>
  );
}
