import { LISTED_SCORE } from "@prosopon/core/contract";
import { analysePrincipals, enrolmentResult, newFace } from "../analyse-images.ts";
import { collectionOf } from "../collection.ts";
import { identityGone, JobFault } from "../fault.ts";
import { mixedPeople } from "../../matching/mixed.ts";
import { identityForm } from "./identity-form.ts";
import type { Kind } from "./kind.ts";

/** More photos of an identity. */
export const addImages: Kind<{ identityId: string }> = {
  kind: "add-images",
  summary: "Add 1 to 5 images to an identity",
  form: identityForm,

  async run({ storage, scale, ...tools }, job, { identityId }, signal) {
    const { settings } = await collectionOf(storage, job);
    const images = await analysePrincipals(tools, job, { crop: settings.keepCrops, signal });
    const embeddings = images.map(({ face }) => face.embedding);
    const nearest = await Promise.all(
      embeddings.map((embedding) => storage.identities.compare(job.accountId, identityId, embedding)),
    );
    if (nearest.some((known) => known === undefined)) throw new JobFault(identityGone(identityId));
    // Like the enrolled person, or like a new photo that is: one link is enough, as in an enrolment.
    const linked = nearest.some((known) => scale.scoreOf(known!.cosine) > LISTED_SCORE);
    const warning = linked
      ? mixedPeople(embeddings, scale)
      : "the images may show another person than the identity's";
    if (warning && settings.refuseMixedIdentities) throw new JobFault(warning);
    const faces = images.map(newFace);
    return {
      type: "faces-added",
      identityId,
      faces,
      result: enrolmentResult(images, faces, warning),
      goneError: identityGone(identityId),
    };
  },
};
