import { LISTED_SCORE, scoreOf } from "../../match.ts";
import { identityGone, JobFault } from "../fault.ts";
import { mixedPeople } from "../mixed.ts";
import { newFace, see, seenImages } from "../see.ts";
import type { JobHandler } from "../worker.ts";

export const addImages: JobHandler<"add-images"> = async (deps, job, { identityId }, signal) => {
  const settings = (await deps.storage.accounts.byId(job.accountId))?.settings;
  const sights = await see(deps, job, { crop: settings?.keepCrops ?? false, signal });
  const embeddings = sights.map(({ face }) => face.embedding);
  const nearest = await Promise.all(
    embeddings.map((embedding) => deps.storage.identities.compare(job.accountId, identityId, embedding)),
  );
  if (nearest.some((known) => known === undefined)) throw new JobFault(identityGone(identityId));
  // Like the enrolled person, or like a new photo that is: one link is enough, as in an enrolment.
  const linked = nearest.some((known) => scoreOf(known!.cosine) > LISTED_SCORE);
  const warning = linked ? mixedPeople(embeddings) : "the images may show another person than the identity's";
  if (warning && settings?.refuseMixedIdentities) throw new JobFault(warning);
  const faces = sights.map(newFace);
  return {
    type: "faces-added",
    identityId,
    faces,
    result: {
      images: seenImages(sights),
      face_ids: faces.map(({ id }) => id),
      ...(warning && { warnings: [warning] }),
    },
    goneError: identityGone(identityId),
  };
};
