import { LISTED_SCORE } from "@prosopon/core/contract";
import { recogniser } from "@prosopon/models";
import { createScale } from "@prosopon/service";
import type { Bench } from "./bench.ts";
import { embedPeople, shuffled } from "./lib/embed-people.ts";
import { cosine } from "./lib/lfw-measures.ts";

const GALLERY = 1_000;
const ROUNDS = 8;
const SCALE = createScale(recogniser.calibration);

export const bench: Bench = {
  summary:
    "Wrong faces and duplicates planted among enrolments: how many the guards see, and how often they are wrong.",
  options: [["--lfw <dir>", "folder of people's folders, with pairs.txt"]],
  async run({ lfw: folder }) {
    if (typeof folder !== "string") throw new Error("Name the photographs: pnpm bench guards --lfw DIR");
    const people = await embedPeople(folder);
    const wrong = wrongFaces(people);
    const duplicate = duplicates(people);
    const share = ({ seen, of }: Counted) => (100 * seen) / of;
    return {
      tables: [
        {
          title: `${people.length} people; duplicates in galleries of ${GALLERY}, ${ROUNDS} of them`,
          rows: [
            {
              guard: "wrong_person",
              planted: wrong.planted.of,
              "seen, %": share(wrong.planted).toFixed(2),
              "false alarms, %": share(wrong.right).toFixed(2),
            },
            {
              guard: "duplicate",
              planted: duplicate.planted.of,
              "seen, %": share(duplicate.planted).toFixed(2),
              "false alarms, %": share(duplicate.right).toFixed(2),
            },
          ],
        },
      ],
      figures: {
        "wrong_person.seen_percent": share(wrong.planted),
        "wrong_person.false_alarms_percent": share(wrong.right),
        "duplicate.seen_percent": share(duplicate.planted),
        "duplicate.false_alarms_percent": share(duplicate.right),
      },
      goals: [
        {
          name: "planted wrong faces seen",
          value: share(wrong.planted),
          goal: 95,
          direction: ">=",
          unit: "%",
        },
        {
          name: "false alarms of wrong faces",
          value: share(wrong.right),
          goal: 1,
          direction: "<=",
          unit: "%",
        },
        {
          name: "planted duplicates seen",
          value: share(duplicate.planted),
          goal: 97,
          direction: ">=",
          unit: "%",
        },
        {
          name: "false alarms of duplicates",
          value: share(duplicate.right),
          goal: 1,
          direction: "<=",
          unit: "%",
        },
      ],
    };
  },
};

interface Counted {
  seen: number;
  of: number;
}

interface Judged {
  planted: Counted;
  /** Enrolments that are as they should be. */
  right: Counted;
}

/** A photo added to somebody with two: his own third, and one of the next person. */
function wrongFaces(people: readonly Float32Array[][]): Judged {
  const judged: Judged = { planted: { seen: 0, of: 0 }, right: { seen: 0, of: 0 } };
  const able = people.filter(({ length }) => length >= 3);
  const isWrong = (faces: readonly Float32Array[], added: Float32Array) =>
    faces.every((face) => SCALE.scoreOf(cosine(face, added)) <= LISTED_SCORE);
  for (const [at, [first, second, third]] of able.entries()) {
    const faces = [first!, second!];
    const [stranger] = able[(at + 1) % able.length]!;
    judged.right.of++;
    judged.planted.of++;
    if (isWrong(faces, third!)) judged.right.seen++;
    if (isWrong(faces, stranger!)) judged.planted.seen++;
  }
  return judged;
}

/** Another photo of somebody enrolled is planted; the first photo of everybody who is not is right. */
function duplicates(people: readonly Float32Array[][]): Judged {
  const judged: Judged = { planted: { seen: 0, of: 0 }, right: { seen: 0, of: 0 } };
  const { thresholds } = SCALE.among(GALLERY);
  for (let round = 0; round < ROUNDS; round++) {
    const order = shuffled(people, 100 + round);
    const able = order.filter(({ length }) => length >= 2);
    const gallery = [...able, ...order.filter(({ length }) => length < 2)].slice(0, GALLERY);
    const enrolled = new Set(gallery);
    const nearest = (probe: Float32Array): number =>
      Math.max(...gallery.map(([face]) => cosine(face!, probe)));
    for (const [, second] of able.filter((one) => enrolled.has(one))) {
      judged.planted.of++;
      if (nearest(second!) >= thresholds.recognized) judged.planted.seen++;
    }
    for (const [first] of order.filter((one) => !enrolled.has(one))) {
      judged.right.of++;
      if (nearest(first!) >= thresholds.recognized) judged.right.seen++;
    }
  }
  return judged;
}
