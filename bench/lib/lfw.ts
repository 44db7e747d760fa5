import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A folder in the layout of Labeled Faces in the Wild: one folder a person, and pairs.txt beside them. */
export interface Lfw {
  photos: { person: string; path: string }[];
  /** Indices into `photos`, whether they show one person, and the fold they are tested in. */
  pairs: { a: number; b: number; same: boolean; fold: number }[];
}

export async function readLfw(folder: string): Promise<Lfw> {
  const photos: Lfw["photos"] = [];
  const indices = new Map<string, number>();
  const entries = await readdir(folder, { withFileTypes: true });
  for (const { name: person } of entries.filter((entry) => entry.isDirectory()).toSorted(byName)) {
    for (const file of (await readdir(join(folder, person))).toSorted()) {
      indices.set(file, photos.length);
      photos.push({ person, path: join(folder, person, file) });
    }
  }
  const index = (person = "", number = ""): number => {
    const file = `${person}_${number.padStart(4, "0")}.jpg`;
    const found = indices.get(file);
    if (found === undefined) throw new Error(`pairs.txt names ${file}, which is not in ${folder}.`);
    return found;
  };

  const [head = "", ...lines] = (await readFile(join(folder, "pairs.txt"), "utf8")).trim().split(/\r?\n/);
  const perFold = 2 * Number(head.split("\t")[1]);
  const pairs = lines.map((line, row) => {
    const [one, first, other, second] = line.split("\t");
    const same = second === undefined;
    const fold = Math.floor(row / perFold);
    return same
      ? { a: index(one, first), b: index(one, other), same, fold }
      : { a: index(one, first), b: index(other, second), same, fold };
  });
  return { photos, pairs };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/** The protocol's choice among several faces. */
export function nearestToCentre<
  Face extends { box: { x: number; y: number; width: number; height: number } },
>(faces: Face[], { width, height }: { width: number; height: number }): Face | undefined {
  const distance = ({ box }: Face): number =>
    Math.hypot(box.x + box.width / 2 - width / 2, box.y + box.height / 2 - height / 2);
  return faces.toSorted((a, b) => distance(a) - distance(b))[0];
}
