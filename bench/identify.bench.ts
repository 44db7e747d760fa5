import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createEngine } from "@prosopon/engine";
import sharp from "sharp";
import type { Bench } from "./bench.ts";
import { quantile, round } from "./gateway/figures.ts";
import { call, IDENTITY, login, photoForm, type RunningCommand, startCommand } from "./lib/command.ts";
import { readLfw } from "./lib/lfw.ts";

const [COLUMNS, ROWS] = [12, 10];
const PEOPLE = COLUMNS * ROWS;
/** Pixels of a portrait in the grid, and how many of the 120 are to be right. */
const SIZES = [
  { width: 168, height: 205, goal: 118 },
  { width: 84, height: 103, goal: 110 },
];
const ROUNDS = 5;
const ENROLLED_AT_ONCE = 4;

export const bench: Bench = {
  summary:
    "who everybody is in a grid of 120 portraits that were enrolled one by one, and the time of each face",
  options: [["--lfw <dir>", "folder of people's folders, with pairs.txt"]],
  async run({ lfw: folder }) {
    if (typeof folder !== "string") throw new Error("Name the photographs: pnpm bench identify --lfw DIR");
    const root = await mkdtemp(path.join(tmpdir(), "prosopon-identify-"));
    const server = await startCommand(root, ["--threads", "1"]);
    try {
      const token = await login(server.url, server);
      const portraits = await onePhotoEach(folder);
      const identities = await enrolAll(server, token, portraits);
      const engine = createEngine({ threads: 1 });
      await engine.warm();
      const results = [];
      for (const { width, height, goal } of SIZES) {
        const grid = await gridOf(portraits, width, height);
        const result = await identifyGrid(server, token, grid, { width, height, identities });
        const bare: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const begun = performance.now();
          const { faces } = await engine.analyse(new Uint8Array(grid), { embed: "all" });
          bare.push((performance.now() - begun) / faces.length);
        }
        results.push({ size: `${width}x${height}`, goal, ...result, bareMs: quantile(bare, 0.5) });
      }
      await engine.close();
      return {
        tables: [
          {
            title: `${PEOPLE} portraits in one picture`,
            rows: results.map(({ size, faces, right, twice, ms, bareMs }) => ({
              "each, pixels": size,
              "faces found": faces,
              "right people": right,
              "given twice": twice,
              "identified, ms a face": round(ms),
              "bare engine.analyse, ms a face": round(bareMs),
            })),
          },
        ],
        figures: Object.fromEntries(
          results.flatMap(({ size, faces, right, twice, ms, bareMs }) => [
            [`${size}.faces`, faces],
            [`${size}.right`, right],
            [`${size}.given_twice`, twice],
            [`${size}.face_ms`, round(ms)],
            [`${size}.bare_face_ms`, round(bareMs)],
          ]),
        ),
        goals: results.flatMap(({ size, goal, right, twice }) => [
          { name: `right people at ${size}`, value: right, goal, direction: ">=" as const, unit: "of 120" },
          {
            name: `people given to two faces at ${size}`,
            value: twice,
            goal: 0,
            direction: "<=" as const,
            unit: "of 120",
          },
        ]),
      };
    } finally {
      await server.stop();
      await rm(root, { recursive: true, force: true });
    }
  },
};

/** The first photo of people spread over the folder. */
async function onePhotoEach(folder: string): Promise<Buffer[]> {
  const { photos } = await readLfw(folder);
  const people = [...Map.groupBy(photos, ({ person }) => person).values()].map(([first]) => first!.path);
  const step = Math.floor(people.length / PEOPLE);
  if (step < 1) throw new Error(`${folder} has ${people.length} people; ${PEOPLE} are needed.`);
  return Promise.all(
    people
      .filter((_, at) => at % step === 0)
      .slice(0, PEOPLE)
      .map(portrait),
  );
}

/** Of the shape that the grid has, from the middle of a photo. */
async function portrait(file: string): Promise<Buffer> {
  const { height } = await sharp(file).metadata();
  const { width: w, height: h } = SIZES[0]!;
  return sharp(file)
    .resize({ width: Math.round((height * w) / h), height, fit: "cover" })
    .jpeg({ quality: 95 })
    .toBuffer();
}

async function enrolAll({ url }: RunningCommand, token: string, portraits: Buffer[]): Promise<string[]> {
  const identities: string[] = [];
  const waiting = portraits.entries();
  const enrol = async () => {
    for (const [at, image] of waiting) {
      const { body } = await call(url, token, "POST", IDENTITY, photoForm("input_images", image));
      const end = await call(url, token, "GET", `${IDENTITY}?job_id=${body.job_id}&wait=30`);
      // Nobody is left out: one whose face is not found cannot be right later.
      identities[at] = end.body.identity_id ?? "";
    }
  };
  await Promise.all(Array.from({ length: ENROLLED_AT_ONCE }, enrol));
  return identities;
}

async function gridOf(portraits: Buffer[], width: number, height: number): Promise<Buffer> {
  const tiles = await Promise.all(
    portraits.map((one) => sharp(one).resize({ width, height, fit: "fill" }).toBuffer()),
  );
  return sharp({ create: { width: COLUMNS * width, height: ROWS * height, channels: 3, background: "#777" } })
    .composite(
      tiles.map((input, at) => ({
        input,
        left: (at % COLUMNS) * width,
        top: Math.floor(at / COLUMNS) * height,
      })),
    )
    .jpeg({ quality: 92 })
    .toBuffer();
}

interface Grid {
  width: number;
  height: number;
  /** By place, row by row. */
  identities: string[];
}

async function identifyGrid(
  { url }: RunningCommand,
  token: string,
  grid: Buffer,
  { width, height, identities }: Grid,
) {
  const times: number[] = [];
  let faces: { box: { x: number; y: number; width: number; height: number }; identity_id?: string }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    const { body } = await call(url, token, "POST", "/v1/identify", photoForm("input_image", grid));
    const job = (await call(url, token, "GET", `/v1/jobs/${body.job_id}?wait=30`)).body;
    if (job.status !== "Succeeded") throw new Error(`the grid's job is ${job.status}: ${job.error}`);
    times.push(performance.now() - begun);
    faces = job.result.faces;
  }
  const given = faces.flatMap(({ identity_id }) => identity_id ?? []);
  const right = new Set(
    faces
      .map(({ box, identity_id }) => {
        const column = Math.floor((box.x + box.width / 2) / width);
        const row = Math.floor((box.y + box.height / 2) / height);
        const at = row * COLUMNS + column;
        return identity_id && identities[at] === identity_id ? at : -1;
      })
      .filter((at) => at >= 0),
  );
  return {
    faces: faces.length,
    right: right.size,
    twice: given.length - new Set(given).size,
    ms: quantile(times, 0.5) / faces.length,
  };
}
