import { recogniser } from "@prosopon/models";
import { createScale, type GalleryScale } from "@prosopon/service";
import { LISTED_SCORE, RECOGNIZED_SCORE } from "@prosopon/core/contract";
import type { Bench } from "./bench.ts";
import { embedPeople, shuffled } from "./lib/embed-people.ts";
import { cosine } from "./lib/lfw-measures.ts";

/** People in a gallery, and photos of each. */
const GALLERIES = [50, 200, 600, 1000].flatMap((people) => [1, 3].map((photos) => ({ people, photos })));
/** Galleries of each size, of different people: what one gallery is like is chance. */
const ROUNDS = 8;
const SCALE = createScale(recogniser.calibration);

export const bench: Bench = {
  summary:
    "Galleries with strangers before them: how often one is named, and how often somebody enrolled is found.",
  options: [["--lfw <dir>", "folder of people's folders, with pairs.txt"]],
  async run({ lfw: folder }) {
    if (typeof folder !== "string") throw new Error("Name the photographs: pnpm bench openset --lfw DIR");
    const people = await embedPeople(folder);
    const results = GALLERIES.map((size) => {
      const now = (faces: number) => SCALE.among(faces);
      return { ...size, now: measure(people, size, now), before: measure(people, size, () => SCALE) };
    });
    const of = (photos: number, size: number) =>
      results.find((one) => one.photos === photos && one.people === size)!.now;
    const shares = results.filter(({ now }) => now.strangers > 0);
    return {
      tables: [
        {
          title: `${people.length} people; ${ROUNDS} galleries of each size; 95 % confidence in brackets`,
          rows: results.flatMap(({ people: size, now, before }) =>
            (
              [
                ["per comparison, as before", before],
                ["per gallery", now],
              ] as const
            ).map(([scores, one]) => ({
              people: size,
              "photos of each": one.photos.toFixed(1),
              scores,
              "strangers at 0.95": interval(one.strangersRecognized, one.strangers),
              "strangers listed": interval(one.strangersListed, one.strangers),
              "enrolled found at 0.95": interval(one.found, one.probes),
              "enrolled listed": interval(one.foundListed, one.probes),
            })),
          ),
        },
      ],
      figures: Object.fromEntries(
        results.flatMap(({ people: size, photos, now }) => [
          [`${size}x${photos}.strangers_recognized`, now.strangersRecognized / now.strangers],
          [`${size}x${photos}.strangers_listed`, now.strangersListed / now.strangers],
          [`${size}x${photos}.found`, now.found / Math.max(1, now.probes)],
        ]),
      ),
      goals: [
        {
          name: "strangers at 0.95, worst gallery size",
          value: 100 * Math.max(...shares.map(({ now }) => now.strangersRecognized / now.strangers)),
          goal: 1.5,
          direction: "<=",
          unit: "%",
        },
        {
          name: "strangers listed, worst gallery size",
          value: 100 * Math.max(...shares.map(({ now }) => now.strangersListed / now.strangers)),
          goal: 12,
          direction: "<=",
          unit: "%",
        },
        {
          name: "enrolled found at 0.95, 600 people with one photo",
          value: (100 * of(1, 600).found) / of(1, 600).probes,
          goal: 96,
          direction: ">=",
          unit: "%",
        },
        {
          name: "enrolled found at 0.95, 600 people with up to three photos",
          value: (100 * of(3, 600).found) / of(3, 600).probes,
          goal: 99,
          direction: ">=",
          unit: "%",
        },
      ],
    };
  },
};

interface Measured {
  /** Photos that each has, mean. */
  photos: number;
  strangers: number;
  strangersRecognized: number;
  strangersListed: number;
  probes: number;
  found: number;
  foundListed: number;
}

/**
 * Those with a photo to spare are enrolled first, and searched for by it; others fill the gallery; a photo of everybody else is a
 * stranger. By the best face of each person.
 */
function measure(
  people: readonly Float32Array[][],
  { people: size, photos }: { people: number; photos: number },
  scaleOf: (faces: number) => Pick<GalleryScale, "scoreOf">,
): Measured {
  const sum: Measured = {
    photos: 0,
    strangers: 0,
    strangersRecognized: 0,
    strangersListed: 0,
    probes: 0,
    found: 0,
    foundListed: 0,
  };
  for (let round = 0; round < ROUNDS; round++) {
    const order = shuffled(people, 1 + round);
    const able = order.filter(({ length }) => length > photos);
    const gallery = [...able, ...order.filter(({ length }) => length <= photos)].slice(0, size);
    const enrolled = new Set(gallery);
    const templates = gallery.map((of) => of.slice(0, photos));
    const faces = templates.flat().length;
    const { scoreOf } = scaleOf(faces);
    sum.photos += faces / size / ROUNDS;
    const search = (probe: Float32Array) => {
      let best = { at: -1, cosine: -1 };
      for (const [at, own] of templates.entries())
        for (const face of own) {
          const near = cosine(face, probe);
          if (near > best.cosine) best = { at, cosine: near };
        }
      return { at: best.at, score: scoreOf(best.cosine) };
    };
    for (const [at, of] of gallery.entries()) {
      const probe = of[photos];
      if (!probe) continue;
      const answer = search(probe);
      sum.probes++;
      if (answer.at === at && answer.score >= RECOGNIZED_SCORE) sum.found++;
      if (answer.at === at && answer.score > LISTED_SCORE) sum.foundListed++;
    }
    for (const of of order) {
      if (enrolled.has(of)) continue;
      const { score } = search(of[0]!);
      sum.strangers++;
      if (score >= RECOGNIZED_SCORE) sum.strangersRecognized++;
      if (score > LISTED_SCORE) sum.strangersListed++;
    }
  }
  return sum;
}

/** Wilson's score interval, in percent. */
function interval(count: number, of: number): string {
  if (of === 0) return "–";
  const z = 1.96;
  const share = count / of;
  const middle = (share + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z / (1 + (z * z) / of)) * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  const percent = (part: number) => (100 * part).toFixed(1);
  return `${percent(share)} % (${percent(middle - half)} to ${percent(middle + half)})`;
}
