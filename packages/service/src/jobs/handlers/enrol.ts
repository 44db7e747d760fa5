import { randomUUID } from "node:crypto";
import { JobFault } from "../fault.ts";
import { mixedPeople } from "../mixed.ts";
import { newFace, see, seenImages } from "../see.ts";
import type { JobHandler } from "../worker.ts";

export const enrol: JobHandler<"enrol"> = async (deps, job, payload, signal) => {
  const settings = (await deps.storage.accounts.byId(job.accountId))?.settings;
  const sights = await see(deps, job, { crop: settings?.keepCrops ?? false, signal });
  const warning = mixedPeople(sights.map(({ face }) => face.embedding));
  if (warning && settings?.refuseMixedIdentities) throw new JobFault(warning);
  const faces = sights.map(newFace);
  return {
    type: "enrolled",
    identityId: randomUUID(),
    ...(payload.externalId !== undefined && { externalId: payload.externalId }),
    metadata: payload.metadata ?? {},
    faces,
    result: {
      images: seenImages(sights),
      face_ids: faces.map(({ id }) => id),
      ...(warning && { warnings: [warning] }),
    },
  };
};
