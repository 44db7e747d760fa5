import { createEngine } from "@prosopon/engine";
import { LISTED_SCORE, RECOGNIZED_SCORE } from "@prosopon/core/contract";
import { recogniser } from "@prosopon/models";
import { createScale } from "@prosopon/service";
import type { Bench } from "./bench.ts";
import {
  compare,
  compareAllStrangers,
  falseMatchRate,
  foldAccuracy,
  trueMatchRate,
  type Embeddings,
} from "./lib/lfw-measures.ts";
import { nearestToCentre, readLfw } from "./lib/lfw.ts";

/** Where the two lines are suggested: as false-match rates of strangers compared all against all. */
const SUGGESTED_RECOGNIZED_FMR = 7e-4;
const SUGGESTED_LISTED_FMR = 6e-3;
const THREADS = 2;

const { scoreOf, points } = createScale(recogniser.calibration);

export const bench: Bench = {
  summary: "Verification accuracy on a folder in the LFW layout, and the calibration that follows from it.",
  options: [["--lfw <dir>", "folder of people's folders, with pairs.txt"]],
  async run({ lfw: folder }) {
    if (typeof folder !== "string") throw new Error("Name the photographs: pnpm bench accuracy --lfw DIR");
    const lfw = await readLfw(folder);
    const engine = createEngine({ threads: THREADS });
    const embeddings: Embeddings = await Promise.all(
      lfw.photos.map(async ({ path }) => {
        const analysis = await engine.analyse({ path }, { embed: "all" });
        return nearestToCentre(analysis.faces, analysis)?.embedding?.values;
      }),
    );
    await engine.close();

    const comparisons = compare(lfw, embeddings);
    const strangers = compareAllStrangers(lfw, embeddings);
    const accuracy = foldAccuracy(comparisons);
    const found = embeddings.filter((embedding) => embedding !== undefined).length / embeddings.length;
    const recognized = cosineAtScore(RECOGNIZED_SCORE);
    const listed = cosineAtScore(LISTED_SCORE);
    const at = (threshold: number): { fmr: number; fmrOfPairs: number; tmr: number } => ({
      fmr: strangers.rateAt(threshold),
      fmrOfPairs: falseMatchRate(comparisons, threshold),
      tmr: trueMatchRate(comparisons, threshold),
    });
    const [atRecognized, atListed] = [at(recognized), at(listed)];
    const line = (name: string, threshold: number): Record<string, string | number> => {
      const { fmr, fmrOfPairs, tmr } = at(threshold);
      return {
        line: name,
        cosine: round(threshold),
        score: round(scoreOf(threshold)),
        "FMR, all strangers": fmr.toPrecision(3),
        "FMR, listed pairs": fmrOfPairs.toPrecision(3),
        "TMR, listed pairs": round(tmr),
      };
    };

    return {
      tables: [
        {
          title: `${lfw.photos.length} photos, ${comparisons.length} listed pairs, ${strangers.comparisons} comparisons of strangers`,
          rows: [
            { measure: "face found in", value: percent(found) },
            {
              measure: "1:1 accuracy, threshold from the other folds",
              value: `${percent(accuracy.mean)} +- ${percent(accuracy.standardError)}`,
            },
          ],
        },
        {
          title: "The lines in force, and where this data would put them",
          rows: [
            line(`recognized (${RECOGNIZED_SCORE}), in force`, recognized),
            line(
              `recognized, suggested at FMR ${SUGGESTED_RECOGNIZED_FMR}`,
              strangers.cosineAt(SUGGESTED_RECOGNIZED_FMR),
            ),
            line(`listed (${LISTED_SCORE}), in force`, listed),
            line(
              `listed, suggested at FMR ${SUGGESTED_LISTED_FMR}`,
              strangers.cosineAt(SUGGESTED_LISTED_FMR),
            ),
          ],
        },
        {
          title: "Calibration points: recorded in packages/service/src/match.ts, and measured here",
          rows: points.map(({ score, cosine, fmr }) => ({
            score: round(score),
            cosine,
            "FMR recorded": fmr,
            "FMR measured": strangers.rateAt(cosine).toPrecision(3),
            "cosine at that FMR here": round(strangers.cosineAt(fmr)),
            "TMR, listed pairs": round(trueMatchRate(comparisons, cosine)),
          })),
        },
      ],
      figures: {
        "accuracy.percent": 100 * accuracy.mean,
        "accuracy.standard_error_percent": 100 * accuracy.standardError,
        "found.percent": 100 * found,
        "recognized.cosine": recognized,
        "recognized.fmr": atRecognized.fmr,
        "recognized.fmr_listed_pairs": atRecognized.fmrOfPairs,
        "recognized.tmr_percent": 100 * atRecognized.tmr,
        "listed.cosine": listed,
        "listed.fmr": atListed.fmr,
        "listed.fmr_listed_pairs": atListed.fmrOfPairs,
        "listed.tmr_percent": 100 * atListed.tmr,
        "suggested.recognized_cosine": strangers.cosineAt(SUGGESTED_RECOGNIZED_FMR),
        "suggested.listed_cosine": strangers.cosineAt(SUGGESTED_LISTED_FMR),
      },
      goals: [
        { name: "1:1 accuracy", value: 100 * accuracy.mean, goal: 99.2, direction: ">=", unit: "%" },
        { name: "face found", value: 100 * found, goal: 99.7, direction: ">=", unit: "%" },
        {
          name: "false matches at 0.95, all strangers",
          value: atRecognized.fmr,
          goal: 1e-3,
          direction: "<=",
          unit: "",
        },
        {
          name: "false matches at 0.95, listed pairs",
          value: atRecognized.fmrOfPairs,
          goal: 1e-3,
          direction: "<=",
          unit: "",
        },
        {
          name: "true matches at 0.95",
          value: 100 * atRecognized.tmr,
          goal: 98.5,
          direction: ">=",
          unit: "%",
        },
        {
          name: "false matches at 0.85, all strangers",
          value: atListed.fmr,
          goal: 1e-2,
          direction: "<=",
          unit: "",
        },
        {
          name: "false matches at 0.85, listed pairs",
          value: atListed.fmrOfPairs,
          goal: 1e-2,
          direction: "<=",
          unit: "",
        },
      ],
    };
  },
};

function cosineAtScore(score: number): number {
  const point = points.find((candidate) => Math.abs(candidate.score - score) < 1e-9);
  if (point === undefined) throw new Error(`The calibration has no point at score ${score}.`);
  return point.cosine;
}

function round(value: number): number {
  return Number(value.toFixed(4));
}

function percent(value: number): string {
  return `${(100 * value).toFixed(2)} %`;
}
