import { type CollectionSettings, GuardLevel as Levels } from "@prosopon/core/contract";
import { builder } from "../builder.ts";
import { upperCase } from "./upper-case.ts";

const GuardLevel = builder.enumType("GuardLevel", {
  description: "WARN says it in the job, REJECT fails the job.",
  values: upperCase(Levels.options),
});

const DESCRIPTIONS = {
  quality: "Where a photo is poor: blurred, small, covered.",
  mixed: "Where the photos of one enrolment seem to show different people.",
  wrongPerson: "Where an added photo is unlike those of its identity.",
  duplicate: "Where the person is enrolled in the collection already.",
};

export const Guards = builder.objectRef<CollectionSettings>("Guards").implement({
  description: "What happens where an enrolment looks wrong.",
  fields: (t) => ({
    quality: t.field({
      type: GuardLevel,
      description: DESCRIPTIONS.quality,
      resolve: ({ guard_quality }) => guard_quality,
    }),
    mixed: t.field({
      type: GuardLevel,
      description: DESCRIPTIONS.mixed,
      resolve: ({ guard_mixed }) => guard_mixed,
    }),
    wrongPerson: t.field({
      type: GuardLevel,
      description: DESCRIPTIONS.wrongPerson,
      resolve: ({ guard_wrong_person }) => guard_wrong_person,
    }),
    duplicate: t.field({
      type: GuardLevel,
      description: DESCRIPTIONS.duplicate,
      resolve: ({ guard_duplicate }) => guard_duplicate,
    }),
  }),
});

export const GuardsInput = builder.inputType("GuardsInput", {
  description: "What is left out stays; in a new collection it is WARN.",
  fields: (t) => ({
    quality: t.field({ type: GuardLevel, description: DESCRIPTIONS.quality }),
    mixed: t.field({ type: GuardLevel, description: DESCRIPTIONS.mixed }),
    wrongPerson: t.field({ type: GuardLevel, description: DESCRIPTIONS.wrongPerson }),
    duplicate: t.field({ type: GuardLevel, description: DESCRIPTIONS.duplicate }),
  }),
});

/** As the client takes them. */
export const guardSettings = ({
  quality,
  mixed,
  wrongPerson,
  duplicate,
}: typeof GuardsInput.$inferInput): Partial<CollectionSettings> => ({
  ...(quality != null && { guard_quality: quality }),
  ...(mixed != null && { guard_mixed: mixed }),
  ...(wrongPerson != null && { guard_wrong_person: wrongPerson }),
  ...(duplicate != null && { guard_duplicate: duplicate }),
});
