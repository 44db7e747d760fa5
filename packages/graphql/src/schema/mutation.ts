import { builder } from "../builder.ts";
import { ConflictError, NotFoundError, UnsupportedByUpstreamError } from "../errors.ts";
import { jobTypes, upstreamId } from "../ids.ts";
import { started, type JobView, viewOf } from "../job-view.ts";
import { upstream } from "../upstream.ts";
import { Identity } from "./identity.ts";
import {
  CancelJobInput,
  DeleteFaceInput,
  DeleteIdentitiesInput,
  RetryJobInput,
  UpdateIdentityInput,
} from "./inputs.ts";
import { EXTERNAL_ID_PATH, IDENTITY_PATH, METADATA_PATH } from "./identity-fields.ts";
import { Job } from "./job.ts";
import { JOB_COST } from "./jobs/images.ts";
import "./session.ts";

const facePath = ["input", "faceId"];
const jobPath = ["input", "jobId"];

const DeletedFace = builder.objectRef<{ face: string }>("DeletedFace").implement({
  fields: (t) => ({
    faceId: t.exposeString("face", { description: "The id of the REST API." }),
    id: t.globalID({
      description: "The id that the face had here.",
      resolve: ({ face }) => ({ type: "Face", id: face }),
    }),
  }),
});

const RetriedJob = builder.objectRef<{ job: JobView }>("RetriedJob").implement({
  fields: (t) => ({
    job: t.expose("job", { type: Job, description: "The job that the abandoned one is retried as." }),
  }),
});

const CancelledJob = builder.objectRef<{ job: JobView }>("CancelledJob").implement({
  fields: (t) => ({ job: t.expose("job", { type: Job, description: "As it ended." }) }),
});

const DeletedIdentities = builder.objectRef<{ identities: string[] }>("DeletedIdentities").implement({
  description: "The receipt of an erasure.",
  fields: (t) => ({
    identityIds: t.exposeStringList("identities", { description: "The ids of the REST API." }),
    ids: t.globalIDList({
      description: "The ids that they had here.",
      resolve: ({ identities }) => identities.map((id) => ({ type: "Identity", id })),
    }),
  }),
});

builder.mutationType({
  authScopes: { authenticated: true },
  fields: (t) => ({
    cancelJob: t.field({
      type: CancelledJob,
      errors: { types: [NotFoundError, ConflictError, UnsupportedByUpstreamError] },
      description: "Cancels an unfinished job: it fails, saying so. Repeated, it answers the same.",
      args: { input: t.arg({ type: CancelJobInput, required: true }) },
      resolve: async (_, { input }, { client }) => ({
        job: viewOf(
          await upstream(client.jobs.cancel(upstreamId(input.jobId, jobTypes, jobPath)), { id: jobPath }),
        ),
      }),
    }),
    retryJob: t.field({
      type: RetriedJob,
      errors: { types: [NotFoundError, ConflictError, UnsupportedByUpstreamError] },
      complexity: JOB_COST,
      description: "Retries an abandoned job; repeated, it answers the same job.",
      args: { input: t.arg({ type: RetryJobInput, required: true }) },
      resolve: async (_, { input }, { client }) => ({
        job: started(
          await upstream(client.jobs.retry(upstreamId(input.jobId, jobTypes, jobPath)), { id: jobPath }),
        ),
      }),
    }),
    updateIdentity: t.field({
      type: Identity,
      errors: { types: [NotFoundError, ConflictError, UnsupportedByUpstreamError] },
      description: "Changes the external id and metadata.",
      args: { input: t.arg({ type: UpdateIdentityInput, required: true }) },
      resolve: (_, { input: { identityId, externalId, metadata } }, { client }) =>
        upstream(
          client.identities.update(upstreamId(identityId, ["Identity"], IDENTITY_PATH), {
            ...(externalId !== undefined && { external_id: externalId }),
            ...(metadata != null && { metadata: metadata as Record<string, unknown> }),
          }),
          // Keys merge, so only the server sees a document that becomes too large.
          { id: IDENTITY_PATH, unique: EXTERNAL_ID_PATH, value: METADATA_PATH },
        ),
    }),
    deleteFace: t.field({
      type: DeletedFace,
      errors: { types: [NotFoundError, ConflictError, UnsupportedByUpstreamError] },
      description: "Deletes one face of an identity; its last one stays (delete the identity instead).",
      args: { input: t.arg({ type: DeleteFaceInput, required: true }) },
      resolve: async (_, { input }, { client }) => {
        const face = upstreamId(input.faceId, ["Face"], facePath);
        await upstream(client.faces.delete(face), { id: facePath });
        return { face };
      },
    }),
    deleteIdentities: t.field({
      type: DeletedIdentities,
      errors: { types: [NotFoundError] },
      description:
        "Erases identities with their faces and embeddings: all of the list, or none when one is unknown.",
      args: { input: t.arg({ type: DeleteIdentitiesInput, required: true }) },
      resolve: async (_, { input }, { client }) => {
        const path = ["input", "identityIds"];
        const identities = input.identityIds.map((id) => upstreamId(id, ["Identity"], path));
        await upstream(client.identities.delete(identities), { id: path });
        return { identities };
      },
    }),
  }),
});
