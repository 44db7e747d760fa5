import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { UsageError } from "../errors.ts";

/** One folder: its name is the person's external id. */
export interface Person {
  name: string;
  /** Names of its photos, sorted. */
  files: string[];
}

export interface People {
  people: Person[];
  /** What lies about and is no photo of a person: paths below the folder. */
  ignored: string[];
}

const PHOTO = new Set([".jpg", ".jpeg", ".png"]);

/** Reads `DIR/<person>/<photo>`. Hidden files are passed over, everything else that is no photo is named. */
export async function readPeople(directory: string): Promise<People> {
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory())
    throw new UsageError(
      `${directory} is not a folder. It should hold one folder per person, with that person's photos.`,
    );
  const people: Person[] = [];
  const ignored: string[] = [];
  for (const name of await visible(directory)) {
    if (!(await stat(join(directory, name))).isDirectory()) {
      ignored.push(name);
      continue;
    }
    const files: string[] = [];
    for (const file of await visible(join(directory, name))) {
      const photo =
        PHOTO.has(extname(file).toLowerCase()) && (await stat(join(directory, name, file))).isFile();
      if (photo) files.push(file);
      else ignored.push(join(name, file));
    }
    people.push({ name: name.normalize("NFC"), files });
  }
  if (people.length === 0)
    throw new UsageError(
      `${directory} holds no folders. It should hold one folder per person, with that person's photos.`,
    );
  return { people, ignored };
}

async function visible(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => !name.startsWith(".")).toSorted();
}

/** SHA-256 of a file's content, hex: how a photo is known again under whatever name. */
export async function fingerprint(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
