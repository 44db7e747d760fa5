import { createEngine, type Face } from "@prosopon/engine";
import { recogniser } from "@prosopon/models";
import type { Bench } from "./bench.ts";
import { cosine } from "./lib/lfw-measures.ts";
import { nearestToCentre, readLfw } from "./lib/lfw.ts";
import { type Condition, CONDITIONS } from "./quality/conditions.ts";

const DEFAULT_PEOPLE = 120;
const THREADS = 2;
/** Parts of the worst faces that are left out, for the error-versus-discard curve (ISO/IEC 29794-1). */
const DISCARDED = [0, 0.1, 0.2, 0.3, 0.5];

interface Known {
  person: number;
  values: Float32Array;
  quality: Face["quality"];
}

interface Row {
  condition: Condition;
  /** Parts of the people, and of the pairs of strangers; 0..1. */
  found: number;
  themselves: number;
  strangers: number;
  strangersGood: number;
  /** Faces without a reason. */
  good: number;
  median: number;
}

export const bench: Bench = {
  summary:
    "Photos as people send them, turned, cropped and spoilt: who is found, who matches, and what quality says of it.",
  options: [
    ["--lfw <dir>", "folder of people's folders, with pairs.txt"],
    ["--people <n>", `how many of its people (default ${DEFAULT_PEOPLE})`],
  ],
  async run({ lfw: folder, people: asked }) {
    if (typeof folder !== "string") throw new Error("Name the photographs: pnpm bench quality --lfw DIR");
    const people = await onePhotoEach(folder, Number(asked ?? DEFAULT_PEOPLE));
    const engine = createEngine({ threads: THREADS });
    const known = async ({ make }: Condition): Promise<Known[]> =>
      (
        await Promise.all(
          people.map(async (file, person) => {
            const analysis = await engine.analyse(new Uint8Array(await make(file)), { embed: "all" });
            const face = nearestToCentre(analysis.faces, analysis);
            return face && { person, values: face.embedding!.values, quality: face.quality };
          }),
        )
      ).filter((one) => one !== undefined);

    const plain = await known(CONDITIONS[0]!);
    const own = new Map(plain.map(({ person, values }) => [person, values]));
    const isSelf = ({ person, values }: Known): boolean =>
      own.has(person) && cosine(own.get(person)!, values) >= recogniser.calibration.recognized;
    const all: Known[] = [];
    const rows: Row[] = [];
    for (const condition of CONDITIONS) {
      const faces = condition === CONDITIONS[0] ? plain : await known(condition);
      if (condition.kind === "spoilt") all.push(...faces);
      const good = faces.filter(({ quality }) => quality.reasons.length === 0);
      rows.push({
        condition,
        found: faces.length / people.length,
        themselves: faces.filter(isSelf).length / people.length,
        strangers: alike(faces),
        good: good.length,
        strangersGood: alike(good),
        median: faces.map(({ quality }) => quality.score).toSorted((a, b) => a - b)[faces.length >> 1] ?? 0,
      });
    }
    await engine.close();

    const byQuality = all.toSorted((a, b) => a.quality.score - b.quality.score);
    const curve = DISCARDED.map((part) => {
      const kept = byQuality.slice(Math.floor(part * byQuality.length));
      return { part, fnmr: kept.filter((face) => !isSelf(face)).length / kept.length };
    });
    const of = (kind: Condition["kind"]) => rows.filter(({ condition }) => condition.kind === kind);
    const [geometry, spoilt] = [[...of("turned"), ...of("close")], of("spoilt")];
    const least = (some: Row[], read: (row: Row) => number) => Math.min(...some.map(read));
    const most = (some: Row[], read: (row: Row) => number) => Math.max(...some.map(read));
    return {
      tables: [
        {
          title: `${people.length} people, one photo each; threshold at cosine ${recogniser.calibration.recognized}`,
          rows: rows.map(({ condition, found, themselves, strangers, good, strangersGood, median }) => ({
            photo: condition.name,
            found: percent(found),
            themselves: percent(themselves),
            "strangers alike": percent(strangers),
            "without a reason": good,
            "strangers of those": percent(strangersGood),
            "quality, median": median.toFixed(2),
          })),
        },
        {
          title: "Error versus discard: spoilt photos, the worst by quality left out",
          rows: curve.map(({ part, fnmr }) => ({ "left out": percent(part), FNMR: percent(fnmr) })),
        },
      ],
      figures: Object.fromEntries([
        ...rows.flatMap(({ condition: { name }, found, themselves, strangers, strangersGood }) => [
          [`${name}.found`, found],
          [`${name}.themselves`, themselves],
          [`${name}.strangers`, strangers],
          [`${name}.strangers_without_reason`, strangersGood],
        ]),
        ...curve.map(({ part, fnmr }) => [`fnmr.discard_${part}`, fnmr]),
      ]),
      goals: [
        {
          name: "found, turned",
          value: 100 * least(of("turned"), ({ found }) => found),
          goal: 95,
          direction: ">=",
          unit: "%",
        },
        {
          name: "themselves, turned",
          value: 100 * least(of("turned"), ({ themselves }) => themselves),
          goal: 90,
          direction: ">=",
          unit: "%",
        },
        {
          name: "found, close",
          value: 100 * least(of("close"), ({ found }) => found),
          goal: 95,
          direction: ">=",
          unit: "%",
        },
        {
          name: "themselves, close",
          value: 100 * least(of("close"), ({ themselves }) => themselves),
          goal: 93,
          direction: ">=",
          unit: "%",
        },
        {
          name: "strangers alike, turned and close",
          value: 100 * most(geometry, ({ strangers }) => strangers),
          goal: 0.5,
          direction: "<=",
          unit: "%",
        },
        {
          name: "strangers alike without a reason, spoilt",
          value: 100 * most(spoilt, ({ strangersGood }) => strangersGood),
          goal: 0.2,
          direction: "<=",
          unit: "%",
        },
        {
          name: "steps of the discard curve that rise",
          value: curve.filter(({ fnmr }, at) => at > 0 && fnmr > curve[at - 1]!.fnmr).length,
          goal: 0,
          direction: "<=",
          unit: "",
        },
      ],
    };
  },
};

/** The first photo of people spread over the folder. */
async function onePhotoEach(folder: string, count: number): Promise<string[]> {
  const { photos } = await readLfw(folder);
  const people = [...Map.groupBy(photos, ({ person }) => person).values()].map(([first]) => first!.path);
  const step = Math.max(1, Math.floor(people.length / count));
  return people.filter((_, at) => at % step === 0).slice(0, count);
}

/** Part of the pairs of different people that match. */
function alike(faces: Known[]): number {
  let [pairs, matches] = [0, 0];
  for (const [at, { values }] of faces.entries())
    for (const other of faces.slice(0, at)) {
      pairs++;
      if (cosine(values, other.values) >= recogniser.calibration.recognized) matches++;
    }
  return pairs === 0 ? 0 : matches / pairs;
}

const percent = (part: number): string => `${(100 * part).toFixed(2)} %`;
