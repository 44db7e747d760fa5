import type { ComparedFace as ComparedFaceRecord } from "@prosopon/core/contract";
import * as v from "valibot";
import { builder } from "../../builder.ts";
import { BadImageError, NotFoundError, UnsupportedByUpstreamError } from "../../errors.ts";
import { started } from "../../job-view.ts";
import { upstream } from "../../upstream.ts";
import { Decision } from "../decision.ts";
import { jobNode, resultOf } from "../job.ts";
import { PhotoFace } from "../seen.ts";

import { DetectedFace } from "./detect.ts";
import { FILES, images, imagesOf, JOB_COST, MANY_IMAGES_PATH, UPLOADS } from "./images.ts";

const ComparedFace = builder.objectRef<ComparedFaceRecord>("ComparedFace").implement({
  description: "A face of the second photo, with the chosen face of the first.",
  interfaces: [PhotoFace],
  fields: (t) => ({
    decision: t.field({ type: Decision, resolve: ({ decision }) => decision }),
    score: t.exposeFloat("score", { description: "0 to 1: 0.95 is a match, above 0.85 is possible." }),
    cosine: t.exposeFloat("cosine", { description: "Raw similarity, -1 to 1." }),
    fmr: t.exposeFloat("fmr", {
      description:
        "Expected false-match rate, 1e-5 to 0.1: how often a stranger comes so near. The first stands for less, the last for more.",
    }),
  }),
});

const CompareJob = jobNode("CompareJob", {
  description: "Compares the face of one photo with every clear face of another. No identity is needed.",
  fields: (t) => ({
    face: t.field({
      type: DetectedFace,
      nullable: true,
      description: "The chosen face of the first photo, the largest clear one; once the job has succeeded.",
      resolve: async (job, _, context) => (await resultOf("compare", job, context))?.face,
    }),
    faces: t.field({
      type: [ComparedFace],
      nullable: true,
      description: "Those of the second photo, largest first; once the job has succeeded.",
      resolve: async (job, _, context) => (await resultOf("compare", job, context))?.faces,
    }),
  }),
});

const CompareInput = builder.inputType("CompareInput", {
  validate: v.pipe(
    v.object(images),
    v.check(
      (input) => (input.images?.length ?? 0) + (input.uploadIds?.length ?? 0) === 2,
      "Give two images.",
    ),
  ),
  fields: (t) => ({
    images: t.field({ type: ["File"], description: `${FILES} Files come before uploads.` }),
    uploadIds: t.idList({ description: UPLOADS }),
  }),
});

builder.mutationField("compare", (t) =>
  t.field({
    type: CompareJob,
    errors: { types: [BadImageError, NotFoundError, UnsupportedByUpstreamError] },
    complexity: 2 * JOB_COST,
    description: "Starts a comparison of two photos.",
    args: { input: t.arg({ type: CompareInput, required: true }) },
    resolve: async (_, { input }, { client }) =>
      started(await upstream(client.jobs.compare({ images: imagesOf(input) }), { images: MANY_IMAGES_PATH })),
  }),
);
