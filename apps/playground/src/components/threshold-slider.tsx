import { Paper, Slider, Text, Title } from "@mantine/core";
import type { ServerQuery } from "@prosopon/react-hooks";
import { falseMatchRate, oneIn } from "../library/calibration.ts";
import { score as digits } from "../library/text.ts";

interface ThresholdSliderProps {
  server: ServerQuery["server"];
  value: number;
  onChange: (value: number) => void;
}

/** Where would you draw the line, and what would it cost? */
export function ThresholdSlider({
  server: { calibration, thresholds },
  value,
  onChange,
}: ThresholdSliderProps) {
  const rate = falseMatchRate(calibration, value);
  return (
    <Paper>
      <Title order={2} mb={4} id="line">
        Your threshold: <span className="number">{digits(value)}</span>
      </Title>
      <Text c="dimmed" size="sm" mb="lg" role="status">
        {rate === undefined ? (
          "This server publishes no error rates."
        ) : (
          <>
            Expected false matches: <b className="number">{oneIn(rate)}</b> comparisons with a stranger. With
            more people enrolled, a search makes more comparisons.
          </>
        )}
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
