import type { Candidate, IdentifyResult } from "@prosopon/core/contract";
import { isClear } from "@prosopon/engine";
import { assign } from "../../matching/assign.ts";
import { analyseImages, detectedFace, type EmbeddedFace, seenImage } from "../analyse-images.ts";
import { collectionOf } from "../collection.ts";
import { candidatesOf } from "../../matching/candidates.ts";
import { contractForm } from "./contract-form.ts";
import type { Kind } from "./kind.ts";

interface Payload {
  faces: "all" | "largest";
  max_candidates: number;
}

/** Those who are looked at where a face's nearest are other faces' people. */
const LOOKED_AT = 20;

/** Every face of a photo against the gallery: who it is, each person at most once. */
export const identify: Kind<Payload> = {
  kind: "identify",
  summary: "Say who everybody in a photo is",
  form: contractForm("identify"),

  async run({ storage, scale, ...tools }, job, { faces: which, max_candidates: most }, signal) {
    const embed = which === "all" ? "all" : "principal";
    const [image] = await analyseImages(tools, job, { embed, signal });
    const faces = image!.faces.filter((face): face is EmbeddedFace => face.embedding !== undefined);
    const looked = Math.max(LOOKED_AT, most + 1);
    const { faces: enrolled, ...collection } = await collectionOf(storage, job);
    const gallery = scale.among(enrolled);
    const candidates = await Promise.all(
      faces.map(async (face) => {
        const nearest = await storage.identities.nearest(collection, face.embedding, looked);
        return candidatesOf(nearest, looked, gallery, isClear(face));
      }),
    );
    const given = shareOut(candidates);
    const result: IdentifyResult = {
      images: [seenImage(image!, ({ embedding }) => embedding !== undefined)],
      faces: faces.map((face, index) => ({
        ...detectedFace(face),
        decision: given[index]?.decision ?? "unknown",
        ...(given[index] && { identity_id: given[index].identity_id, score: given[index].score }),
        candidates: candidates[index]!.slice(0, most),
      })),
    };
    return { type: "answered", result };
  },
};

/** Whom each face shows: the best of all ways to give each person to one face at most, by the sum of their scores. */
function shareOut(candidates: Candidate[][]): (Candidate | undefined)[] {
  const likely = candidates.map((of) => of.filter(({ decision }) => decision !== "unknown"));
  const people = [...new Set(likely.flat().map(({ identity_id }) => identity_id))];
  const places = new Map(people.map((id, place) => [id, place]));
  const weights = likely.map((of) => {
    const row = Array.from(people, () => 0);
    for (const { identity_id, score } of of) row[places.get(identity_id)!] = score;
    return row;
  });
  return assign(weights).map((place, face) =>
    likely[face]!.find(({ identity_id }) => place !== undefined && identity_id === people[place]),
  );
}
