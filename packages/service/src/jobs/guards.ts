import { type GuardLevel, type GuardWarning, LISTED_SCORE } from "@prosopon/core/contract";
import { type Embedding, isClear } from "@prosopon/engine";
import { cosineOf } from "../matching/cosine.ts";
import { groupsOf } from "../matching/groups.ts";
import { decisionOf, type Scale } from "../matching/scale.ts";
import type { CollectionKey, CollectionSettings, Neighbour, Storage } from "../storage/types.ts";
import type { AnalysedImage } from "./analyse-images.ts";
import { JobFault } from "./fault.ts";

/** What the guards look at: photos that are to become faces of one identity. */
export interface Guarded {
  images: readonly AnalysedImage[];
  collection: CollectionKey & { settings: CollectionSettings; faces: number };
  /** The identity that they are added to, and how near each photo is to it. */
  identity?: { id: string; nearest: readonly Neighbour[] };
}

interface Tools {
  storage: Pick<Storage, "identities">;
  scale: Scale;
}

/**
 * What the guards of a collection see in photos that are being enrolled.
 * @throws JobFault where one of them rejects
 */
export async function guard(tools: Tools, guarded: Guarded): Promise<GuardWarning[]> {
  const { guardQuality, guardMixed, guardWrongPerson, guardDuplicate } = guarded.collection.settings;
  const { identity } = guarded;
  return [
    ...(await judged(guardQuality, () => poor(guarded))),
    ...(await judged(guardMixed, () => (identity ? [] : mixed(tools, guarded)))),
    ...(await judged(guardWrongPerson, () => (identity ? wrongPerson(tools, guarded, identity) : []))),
    ...(await judged(guardDuplicate, () => duplicates(tools, guarded))),
  ];
}

async function judged(
  level: GuardLevel,
  look: () => GuardWarning[] | Promise<GuardWarning[]>,
): Promise<GuardWarning[]> {
  if (level === "off") return [];
  const warnings = await look();
  if (level === "reject" && warnings.length > 0)
    throw new JobFault(warnings.map(({ message }) => message).join("; "));
  return warnings;
}

function poor({ images }: Guarded): GuardWarning[] {
  return images.flatMap(({ face: { quality } }, index): GuardWarning[] =>
    quality.reasons.length === 0
      ? []
      : [
          {
            guard: "quality",
            images: [index + 1],
            message: `image ${index + 1}: ${quality.reasons.join(", ")}; use a better photo`,
          },
        ],
  );
}

/** Groups that no pair links at the listed score. A chain of similar photos is one person: two in very different pose may be far apart. */
function mixed({ scale }: Tools, { images }: Guarded): GuardWarning[] {
  const embeddings = images.map(({ face }) => face.embedding);
  const groups = groupsOf(images.length, (one, other) =>
    isListed(scale, embeddings[one]!, embeddings[other]!),
  );
  if (groups.length < 2) return [];
  const names = groups.map((members) => members.map((index) => index + 1).join(" and "));
  return [
    {
      guard: "mixed",
      images: groups.flat().map((index) => index + 1),
      message: `the images may show different people: ${names.join(", then ")}; enrol each person apart`,
    },
  ];
}

/** Photos that neither the enrolled faces nor other new photos link to the identity. */
function wrongPerson(
  { scale }: Tools,
  { images }: Guarded,
  { nearest }: NonNullable<Guarded["identity"]>,
): GuardWarning[] {
  const embeddings = images.map(({ face }) => face.embedding);
  // The identity is the member behind the photos.
  const groups = groupsOf(images.length + 1, (one, other) =>
    one === images.length
      ? scale.scoreOf(nearest[other]!.cosine) > LISTED_SCORE
      : isListed(scale, embeddings[one]!, embeddings[other]!),
  );
  const others = groups.filter((members) => !members.includes(images.length)).flat();
  if (others.length === 0) return [];
  const numbers = others.map((index) => index + 1).toSorted((a, b) => a - b);
  return [
    {
      guard: "wrong_person",
      images: numbers,
      message: `${numbers.length === 1 ? "image" : "images"} ${numbers.join(", ")} may show another person than the identity's; add them to the right one`,
    },
  ];
}

const isListed = (scale: Scale, one: Embedding, other: Embedding): boolean =>
  scale.scoreOf(cosineOf(one, other)) > LISTED_SCORE;

/**
 * Somebody else who is enrolled and whom a photo would be taken for. One photo after the other: a job takes no more searches at once
 * than a search does.
 */
async function duplicates({ storage, scale }: Tools, { images, collection, identity }: Guarded) {
  const { scoreOf } = scale.among(collection.faces);
  const found: { identityId: string; score: number; image: number }[] = [];
  for (const [index, { face }] of images.entries()) {
    // Nobody is matched by such a face.
    if (!isClear(face)) continue;
    const own = identity?.nearest[index]?.cosine ?? -1;
    const nearest = await storage.identities.nearest(collection, face.embedding, identity ? 2 : 1);
    const other = nearest.find(({ identityId, cosine }) => identityId !== identity?.id && cosine > own);
    const score = other && scoreOf(other.cosine);
    if (score !== undefined && decisionOf(score) === "match")
      found.push({ identityId: other!.identityId, score, image: index + 1 });
  }
  return [...Map.groupBy(found, ({ identityId }) => identityId)].map(
    ([identity_id, photos]): GuardWarning => ({
      guard: "duplicate",
      images: photos.map(({ image }) => image),
      // Without the id: an error keeps its words when that identity is erased.
      message: identity
        ? `${named(photos)} may show somebody who is enrolled as another identity; add it to that one`
        : `the person in ${named(photos)} may be enrolled already; search for them, and add the images to that identity`,
      identity_id,
      score: Math.max(...photos.map(({ score }) => score)),
    }),
  );
}

const named = (photos: readonly { image: number }[]): string =>
  `${photos.length === 1 ? "image" : "images"} ${photos.map(({ image }) => image).join(", ")}`;
