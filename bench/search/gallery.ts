import { DIMENSION } from "../lib/embedding.ts";

/** People are numbered by age; a quarter of them have a second or third face. */
export interface SyntheticGallery {
  faces: number;
  identities: number;
  /** By face. */
  vectors: Float32Array;
  /** By face: the number of its person. */
  people: Uint32Array;
}

/**
 * `random`: every face anywhere on the sphere. `clustered`: like embeddings of real people, strangers share a common part
 * (mean cosine 0.1) and one of 200 groups of look-alikes, and two faces of one person have a cosine around 0.7.
 */
export function makeGallery(kind: "clustered" | "random", faces: number): SyntheticGallery {
  const random = gaussian(faces);
  const vectors = new Float32Array(faces * DIMENSION);
  const people = new Uint32Array(faces);
  const common = vector(random);
  const groups = Array.from({ length: 200 }, () => vector(random));
  let person = -1;
  let centre: number[] = [];
  let left = 0;
  for (let face = 0; face < faces; face++) {
    if (left === 0) {
      person++;
      left = person % 8 === 0 ? 3 : person % 8 === 1 ? 2 : 1;
      const own = vector(random);
      const group = groups[person % groups.length]!;
      centre =
        kind === "random" ? own : own.map((value, i) => 0.86 * value + 0.32 * common[i]! + 0.4 * group[i]!);
    }
    left--;
    people[face] = person;
    const noise = vector(random);
    const values = kind === "random" ? noise : centre.map((value, i) => value + 0.65 * noise[i]!);
    vectors.set(unit(values), face * DIMENSION);
  }
  return { faces, identities: person + 1, vectors, people };
}

/** One half are new photos of people in the gallery, the other strangers. */
export function probes(gallery: SyntheticGallery, count: number): Float32Array[] {
  const random = gaussian(gallery.faces + 1);
  return Array.from({ length: count }, (_, index) => {
    const noise = vector(random);
    if (index % 2) return Float32Array.from(unit(noise));
    const face = (index * 7919) % gallery.faces;
    const known = gallery.vectors.subarray(face * DIMENSION, (face + 1) * DIMENSION);
    return Float32Array.from(unit(noise.map((value, i) => 0.6 * value + known[i]!)));
  });
}

/** The baseline and the truth: every face in double precision, the best of each person, the older first on a tie. */
export function bruteForce(
  { faces, identities, vectors, people }: SyntheticGallery,
  probe: Float32Array,
  k: number,
) {
  const best = new Float64Array(identities).fill(-Infinity);
  const bestFace = new Uint32Array(identities);
  for (let face = 0; face < faces; face++) {
    const start = face * DIMENSION;
    let sum = 0;
    for (let i = 0; i < DIMENSION; i++) sum += vectors[start + i]! * probe[i]!;
    const person = people[face]!;
    if (sum > best[person]!) {
      best[person] = sum;
      bestFace[person] = face;
    }
  }
  const top: number[] = [];
  for (let person = 0; person < identities; person++) {
    if (top.length === k && best[person]! <= best[top[k - 1]!]!) continue;
    let at = top.length;
    while (at > 0 && best[person]! > best[top[at - 1]!]!) at--;
    top.splice(at, 0, person);
    if (top.length > k) top.pop();
  }
  return top.map((person) => ({
    identityId: identityId(person),
    faceId: faceId(bestFace[person]!),
    cosine: Math.max(-1, Math.min(1, best[person]!)),
  }));
}

// As long as the ids the service gives, so that the size on disk is the real one.
export const identityId = (person: number): string =>
  `00000000-0000-4000-8000-${String(person).padStart(12, "0")}`;
export const faceId = (face: number): string => `00000000-0000-4000-9000-${String(face).padStart(12, "0")}`;

function vector(random: () => number): number[] {
  return unit(Array.from({ length: DIMENSION }, random));
}

function unit(values: number[]): number[] {
  let squares = 0;
  for (const value of values) squares += value * value;
  const scale = 1 / Math.sqrt(squares);
  return values.map((value) => value * scale);
}

/** Repeatable, nearly normal: the sum of three uniform numbers (a 32-bit xorshift). */
function gaussian(seed: number): () => number {
  let state = seed | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 20; i++) next();
  return () => next() + next() + next() - 1.5;
}
