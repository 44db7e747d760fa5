import { analysePrincipals, enrolmentResult, newFace } from "../analyse-images.ts";
import { collectionOf } from "../collection.ts";
import { identityGone, JobFault } from "../fault.ts";
import { guard } from "../guards.ts";
import { identityForm } from "./identity-form.ts";
import type { Kind } from "./kind.ts";

/** More photos of an identity. */
export const addImages: Kind<{ identityId: string }> = {
  kind: "add-images",
  summary: "Add 1 to 5 images to an identity",
  form: identityForm,

  async run({ storage, scale, ...tools }, job, { identityId }, signal) {
    const collection = await collectionOf(storage, job);
    const images = await analysePrincipals(tools, job, { crop: collection.settings.keepCrops, signal });
    const nearest = await Promise.all(
      images.map(async ({ face }) => {
        const known = await storage.identities.compare(job.accountId, identityId, face.embedding);
        if (!known) throw new JobFault(identityGone(identityId));
        return known;
      }),
    );
    const identity = { id: identityId, nearest };
    const warnings = await guard({ storage, scale }, { images, collection, identity });
    const faces = images.map(newFace);
    return {
      type: "faces-added",
      identityId,
      faces,
      result: enrolmentResult(images, faces, warnings),
      goneError: identityGone(identityId),
    };
  },
};
