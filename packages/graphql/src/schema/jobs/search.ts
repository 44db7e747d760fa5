import type { Candidate } from "@prosopon/core/contract";
import * as v from "valibot";
import { builder } from "../../builder.ts";
import { BadImageError, NotFoundError, UnsupportedByUpstreamError } from "../../errors.ts";
import { started } from "../../job-view.ts";
import { readThresholds } from "../../reads.ts";
import { upstream } from "../../upstream.ts";
import { Decision } from "../decision.ts";
import { COLLECTION_PATH, collectionNamed, IN_COLLECTION } from "../collection.ts";
import { jobNode, resultOf, stateOf } from "../job.ts";
import { checkImage, imageOf, JOB_COST, ONE_IMAGE_PATH, oneImage, oneImageFields } from "./images.ts";
import { type Match, matchFields } from "./match.ts";

type MatchView = Match & Partial<Pick<Candidate, "margin" | "decision" | "fpir">>;

export const SearchMatch = builder.objectRef<MatchView>("SearchMatch").implement({
  description: "A person that a search found.",
  fields: (t) => ({
    ...matchFields(t),
    decision: t.field({
      type: Decision,
      description: "By its score.",
      resolve: async ({ decision, score }, _, context) => {
        if (decision) return decision;
        const { recognized, listed } = await readThresholds(context);
        return score >= recognized ? "match" : score > listed ? "possible" : "unknown";
      },
    }),
    fpir: t.float({
      nullable: true,
      description:
        "Expected false-positive identification rate, 0 to 1: how often somebody who is not enrolled comes so near to anybody of this gallery.",
      resolve: ({ fpir }) => fpir,
    }),
    margin: t.float({
      nullable: true,
      description: "This score minus the next one's.",
      resolve: (match) => match.margin,
    }),
    listed: t.boolean({
      description: "score > 0.85: the documented API lists it.",
      resolve: async ({ score }, _, context) => score > (await readThresholds(context)).listed,
    }),
    recognized: t.boolean({
      description: "score >= 0.95: the documented API calls it recognised.",
      resolve: async ({ score }, _, context) => score >= (await readThresholds(context)).recognized,
    }),
  }),
});

const SearchJob = jobNode("SearchJob", {
  description: "Finds the people whom a photo resembles.",
  fields: (t) => ({
    matches: t.field({
      type: [SearchMatch],
      nullable: true,
      description: "Best first; once the job has succeeded. Empty: nobody we know.",
      args: {
        all: t.arg.boolean({
          required: true,
          defaultValue: false,
          description:
            "Also the candidates at or below the listing threshold of 0.85, for a caller who sets its own.",
        }),
      },
      resolve: async (job, { all }, context): Promise<MatchView[] | null> => {
        if (job.status !== "Succeeded") return null;
        const matches: MatchView[] | undefined =
          (await resultOf("search", job, context))?.candidates ?? (await stateOf(job, context))?.matches;
        const { listed } = await readThresholds(context);
        return matches?.filter(({ score }) => all || score > listed) ?? null;
      },
    }),
  }),
});

const SearchIdentitiesInput = builder.inputType("SearchIdentitiesInput", {
  validate: v.pipe(
    v.object({
      ...oneImage,
      collection: v.nullish(v.string()),
      maxResults: v.nullish(
        v.pipe(
          v.number(),
          v.minValue(1, "maxResults must be 1 to 10."),
          v.maxValue(10, "maxResults must be 1 to 10."),
        ),
      ),
    }),
    checkImage(),
  ),
  fields: (t) => ({
    ...oneImageFields(t),
    collection: t.id({ description: IN_COLLECTION }),
    maxResults: t.int({ description: "1 to 10; 10 when left out." }),
  }),
});

builder.mutationField("searchIdentities", (t) =>
  t.field({
    type: SearchJob,
    errors: { types: [BadImageError, NotFoundError, UnsupportedByUpstreamError] },
    complexity: JOB_COST,
    description: "Starts a search for the people whom a photo resembles.",
    args: { input: t.arg({ type: SearchIdentitiesInput, required: true }) },
    resolve: async (_, { input }, { client }) =>
      started(
        await upstream(
          client.identities.search({
            image: imageOf(input),
            ...collectionNamed(input.collection),
            ...(input.maxResults != null && { maxResult: input.maxResults }),
          }),
          {
            images: ONE_IMAGE_PATH,
            id: COLLECTION_PATH,
          },
        ),
      ),
  }),
);
