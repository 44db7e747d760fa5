import * as v from "valibot";
import { builder } from "../../builder.ts";
import { BadImageError, NotFoundError, UnsupportedByUpstreamError } from "../../errors.ts";
import { upstreamId } from "../../ids.ts";
import { started } from "../../job-view.ts";
import { upstream } from "../../upstream.ts";
import { findIdentity, Identity } from "../identity.ts";
import { IDENTITY_PATH } from "../identity-fields.ts";
import { identityIdOf, jobNode, resultOf, stateOf } from "../job.ts";
import { checkImage, imageOf, JOB_COST, ONE_IMAGE_PATH, oneImage, oneImageFields } from "./images.ts";
import { type Match, matchFields } from "./match.ts";

interface RecognitionView extends Match {
  recognition: boolean;
}

const RecognitionMatch = builder.objectRef<RecognitionView>("RecognitionMatch").implement({
  description: "How much a photo resembles one person.",
  fields: (t) => ({
    ...matchFields(t),
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
    ...oneImageFields(t),
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
