import type { IdentifiedFace as IdentifiedFaceRecord } from "@prosopon/core/contract";
import * as v from "valibot";
import { builder } from "../../builder.ts";
import { BadImageError, NotFoundError, UnsupportedByUpstreamError } from "../../errors.ts";
import { started } from "../../job-view.ts";
import { upstream } from "../../upstream.ts";
import { COLLECTION_PATH, collectionNamed, IN_COLLECTION } from "../collection.ts";
import { Decision } from "../decision.ts";
import { findIdentity, Identity } from "../identity.ts";
import { jobNode, resultOf } from "../job.ts";
import { PhotoFace } from "../seen.ts";
import { checkImage, imageOf, JOB_COST, ONE_IMAGE_PATH, oneImage, oneImageFields } from "./images.ts";
import { SearchMatch } from "./search.ts";

const IdentifiedFace = builder.objectRef<IdentifiedFaceRecord>("IdentifiedFace").implement({
  description: "A face of a photo, and who it is.",
  interfaces: [PhotoFace],
  fields: (t) => ({
    decision: t.field({
      type: Decision,
      description:
        "UNKNOWN: nobody who is enrolled, or only somebody whom another face of the photo shows better.",
      resolve: ({ decision }) => decision,
    }),
    identityId: t.exposeString("identity_id", { nullable: true, description: "Null when unknown." }),
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "Who it is; null when unknown, or deleted since. At most one face of a photo has it.",
      resolve: ({ identity_id }, _, context) => findIdentity(identity_id, context),
    }),
    score: t.exposeFloat("score", { nullable: true, description: "0 to 1; null when unknown." }),
    candidates: t.field({
      type: [SearchMatch],
      description: "The nearest people, best first, not cut at a threshold.",
      resolve: ({ candidates }) => candidates,
    }),
  }),
});

const IdentifyJob = jobNode("IdentifyJob", {
  description: "Says who everybody in a photo is.",
  fields: (t) => ({
    faces: t.field({
      type: [IdentifiedFace],
      nullable: true,
      description: "Largest first; once the job has succeeded. Empty: no face was found.",
      resolve: async (job, _, context) => (await resultOf("identify", job, context))?.faces,
    }),
  }),
});

const FacesToIdentify = builder.enumType("FacesToIdentify", {
  values: {
    ALL: { value: "all" },
    LARGEST: { value: "largest", description: "Only the largest clear face." },
  },
} as const);

const IdentifyInput = builder.inputType("IdentifyInput", {
  validate: v.pipe(
    v.object({
      ...oneImage,
      collection: v.nullish(v.string()),
      faces: v.nullish(v.picklist(["all", "largest"])),
      maxCandidates: v.nullish(
        v.pipe(
          v.number(),
          v.minValue(1, "maxCandidates must be 1 to 100."),
          v.maxValue(100, "maxCandidates must be 1 to 100."),
        ),
      ),
    }),
    checkImage(),
  ),
  fields: (t) => ({
    ...oneImageFields(t),
    collection: t.id({ description: IN_COLLECTION }),
    faces: t.field({ type: FacesToIdentify, description: "ALL when left out." }),
    maxCandidates: t.int({ description: "Of each face, 1 to 100; 5 when left out." }),
  }),
});

builder.mutationField("identify", (t) =>
  t.field({
    type: IdentifyJob,
    errors: { types: [BadImageError, NotFoundError, UnsupportedByUpstreamError] },
    complexity: JOB_COST,
    description: "Starts an identification of everybody in a photo.",
    args: { input: t.arg({ type: IdentifyInput, required: true }) },
    resolve: async (_, { input }, { client }) => {
      const { faces, maxCandidates } = input;
      const job = client.jobs.identify({
        image: imageOf(input),
        ...collectionNamed(input.collection),
        ...(faces && { faces }),
        ...(maxCandidates != null && { maxCandidates }),
      });
      return started(await upstream(job, { images: ONE_IMAGE_PATH, id: COLLECTION_PATH }));
    },
  }),
);
