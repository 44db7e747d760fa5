import * as v from "valibot";
import { builder } from "../../builder.ts";
import { BadImageError, NotFoundError, UnsupportedByUpstreamError } from "../../errors.ts";
import { upstreamId } from "../../ids.ts";
import { started } from "../../job-view.ts";
import { upstream } from "../../upstream.ts";
import { Face } from "../face.ts";
import { findIdentity, Identity } from "../identity.ts";
import { IDENTITY_PATH } from "../identity-fields.ts";
import { identityIdOf, jobNode, resultOf, stateOf } from "../job.ts";
import { checkImage, FILES, imageOf, JOB_COST, ONE_IMAGE_PATH, oneImage, UPLOADS } from "./images.ts";
import { matchedFace } from "./matched-face.ts";

interface RecognitionView {
  identity_id: string;
  score: number;
  recognition: boolean;
  cosine?: number;
  face_id?: string;
}

const RecognitionMatch = builder.objectRef<RecognitionView>("RecognitionMatch").implement({
  description: "How much a photo resembles one person.",
  fields: (t) => ({
    identityId: t.exposeString("identity_id"),
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "Null when deleted since.",
      resolve: (match, _, context) => findIdentity(match.identity_id, context),
    }),
    score: t.exposeFloat("score", { description: "0 to 1 on the contract's trust scale." }),
    cosine: t.float({
      nullable: true,
      description: "Raw similarity, -1 to 1.",
      resolve: (match) => match.cosine,
    }),
    face: t.field({
      type: Face,
      nullable: true,
      description: "The enrolled face that was nearest.",
      resolve: (match, _, context) => matchedFace(match, context),
    }),
    recognized: t.exposeBoolean("recognition", { description: "score >= 0.95." }),
  }),
});

const RecognitionJob = jobNode("RecognitionJob", {
  description: "Says whether a photo shows a given person.",
  fields: (t) => ({
    identityId: t.string({ nullable: true, resolve: identityIdOf }),
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "Whom the photo is compared with; null when deleted since.",
      resolve: async (job, _, context) => findIdentity(await identityIdOf(job, {}, context), context),
    }),
    match: t.field({
      type: RecognitionMatch,
      nullable: true,
      description: "Once the job has succeeded.",
      resolve: async (job, _, context): Promise<RecognitionView | null> => {
        if (job.status !== "Succeeded") return null;
        return (
          (await resultOf("recognize", job, context))?.match ??
          (await stateOf(job, context))?.recognition ??
          null
        );
      },
    }),
  }),
});

const RecognizeIdentityInput = builder.inputType("RecognizeIdentityInput", {
  validate: v.pipe(v.object({ ...oneImage, identityId: v.string() }), checkImage()),
  fields: (t) => ({
    identityId: t.id({ required: true }),
    image: t.field({ type: "File", description: FILES }),
    uploadId: t.id({ description: UPLOADS }),
  }),
});

builder.mutationField("recognizeIdentity", (t) =>
  t.field({
    type: RecognitionJob,
    errors: { types: [BadImageError, NotFoundError, UnsupportedByUpstreamError] },
    complexity: JOB_COST,
    description: "Starts a comparison of a photo with one person.",
    args: { input: t.arg({ type: RecognizeIdentityInput, required: true }) },
    resolve: async (_, { input }, { client }) =>
      started(
        await upstream(
          client.identities.recognize(upstreamId(input.identityId, ["Identity"], IDENTITY_PATH), {
            image: imageOf(input),
          }),
          {
            images: ONE_IMAGE_PATH,
            id: IDENTITY_PATH,
          },
        ),
      ),
  }),
);
