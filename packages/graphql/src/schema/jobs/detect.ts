import type { DetectedFace as DetectedFaceRecord } from "@prosopon/core/contract";
import * as v from "valibot";
import { builder } from "../../builder.ts";
import { BadImageError, NotFoundError, UnsupportedByUpstreamError } from "../../errors.ts";
import { started } from "../../job-view.ts";
import { upstream } from "../../upstream.ts";
import { jobNode, resultOf } from "../job.ts";
import { PhotoFace } from "../seen.ts";
import { checkImage, imageOf, JOB_COST, ONE_IMAGE_PATH, oneImage, oneImageFields } from "./images.ts";

export const DetectedFace = builder.objectRef<DetectedFaceRecord>("DetectedFace").implement({
  description: "A face of a photo, whoever it is.",
  interfaces: [PhotoFace],
});

const DetectJob = jobNode("DetectJob", {
  description: "Finds every face of a photo. Nothing is compared or kept.",
  fields: (t) => ({
    faces: t.field({
      type: [DetectedFace],
      nullable: true,
      description: "Largest first; once the job has succeeded. Empty: no face was found.",
      resolve: async (job, _, context) => (await resultOf("detect", job, context))?.faces,
    }),
  }),
});

const DetectInput = builder.inputType("DetectInput", {
  validate: v.pipe(v.object(oneImage), checkImage()),
  fields: (t) => ({
    ...oneImageFields(t),
  }),
});

builder.mutationField("detect", (t) =>
  t.field({
    type: DetectJob,
    errors: { types: [BadImageError, NotFoundError, UnsupportedByUpstreamError] },
    complexity: JOB_COST,
    description: "Starts a search of a photo for faces.",
    args: { input: t.arg({ type: DetectInput, required: true }) },
    resolve: async (_, { input }, { client }) =>
      started(await upstream(client.jobs.detect({ image: imageOf(input) }), { images: ONE_IMAGE_PATH })),
  }),
);
