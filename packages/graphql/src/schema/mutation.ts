import { builder } from "../builder.ts";
import { BadImageError, ConflictError, NotFoundError, UnsupportedByUpstreamError } from "../errors.ts";
import { jobTypes, upstreamId } from "../ids.ts";
import { type JobView, started, viewOf } from "../job-view.ts";
import { upstream } from "../upstream.ts";
import { Identity } from "./identity.ts";
import {
  AddIdentityImagesInput,
  CancelJobInput,
  CreateIdentityInput,
  DeleteFaceInput,
  DeleteIdentitiesInput,
  imageOf,
  imagesOf,
  RecognizeIdentityInput,
  RetryJobInput,
  SearchIdentitiesInput,
  UpdateIdentityInput,
} from "./inputs.ts";
import { EnrolmentJob, Job, RecognitionJob, SearchJob } from "./job.ts";
import "./session.ts";

/** Decoding, detecting and embedding on the server outweigh any read. */
const jobCost = 500;
const manyImages = ["input", "images"];
const oneImage = ["input", "image"];
const identityPath = ["input", "identityId"];
const externalIdPath = ["input", "externalId"];
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
    job: t.expose("job", { type: Job, description: "What the dead job was started anew as." }),
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
    createIdentity: t.field({
      type: EnrolmentJob,
      errors: { types: [BadImageError, NotFoundError, ConflictError, UnsupportedByUpstreamError] },
      complexity: jobCost,
      description: "Starts an enrolment of 1 to 5 images of one person.",
      args: { input: t.arg({ type: CreateIdentityInput, required: true }) },
      resolve: async (_, { input: { externalId, metadata, ...rest } }, { client }) =>
        started(
          await upstream(
            client.identities.create({
              images: imagesOf(rest),
              ...(externalId != null && { externalId }),
              ...(metadata != null && { metadata: metadata as Record<string, unknown> }),
            }),
            { images: manyImages, unique: externalIdPath },
          ),
        ),
    }),
    addIdentityImages: t.field({
      type: EnrolmentJob,
      errors: { types: [BadImageError, NotFoundError, UnsupportedByUpstreamError] },
      complexity: jobCost,
      description: "Adds 1 to 5 images to an identity.",
      args: { input: t.arg({ type: AddIdentityImagesInput, required: true }) },
      resolve: async (_, { input }, { client }) =>
        started(
          await upstream(
            client.identities.addImages(upstreamId(input.identityId, ["Identity"], identityPath), {
              images: imagesOf(input),
            }),
            {
              images: manyImages,
              id: identityPath,
            },
          ),
        ),
    }),
    searchIdentities: t.field({
      type: SearchJob,
      errors: { types: [BadImageError, NotFoundError, UnsupportedByUpstreamError] },
      complexity: jobCost,
      description: "Starts a search for the people whom a photo resembles.",
      args: { input: t.arg({ type: SearchIdentitiesInput, required: true }) },
      resolve: async (_, { input }, { client }) =>
        started(
          await upstream(
            client.identities.search({
              image: imageOf(input),
              ...(input.maxResults != null && { maxResult: input.maxResults }),
            }),
            {
              images: oneImage,
            },
          ),
        ),
    }),
    recognizeIdentity: t.field({
      type: RecognitionJob,
      errors: { types: [BadImageError, NotFoundError, UnsupportedByUpstreamError] },
      complexity: jobCost,
      description: "Starts a comparison of a photo with one person.",
      args: { input: t.arg({ type: RecognizeIdentityInput, required: true }) },
      resolve: async (_, { input }, { client }) =>
        started(
          await upstream(
            client.identities.recognize(upstreamId(input.identityId, ["Identity"], identityPath), {
              image: imageOf(input),
            }),
            {
              images: oneImage,
              id: identityPath,
            },
          ),
        ),
    }),
    cancelJob: t.field({
      type: CancelledJob,
      errors: { types: [NotFoundError, ConflictError, UnsupportedByUpstreamError] },
      description: "Cancels a job that has not ended: it fails, saying so. Asked again, answers the same.",
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
      complexity: jobCost,
      description: "Starts a dead job anew; asked again, answers the same job.",
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
          client.identities.update(upstreamId(identityId, ["Identity"], identityPath), {
            ...(externalId !== undefined && { external_id: externalId }),
            ...(metadata != null && { metadata: metadata as Record<string, unknown> }),
          }),
          { id: identityPath, unique: externalIdPath },
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
