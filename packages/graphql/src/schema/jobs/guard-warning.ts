import { GuardWarning as Warnings } from "@prosopon/core/contract";
import { builder } from "../../builder.ts";
import { findIdentity, Identity } from "../identity.ts";
import { upperCase } from "../upper-case.ts";

const GuardName = builder.enumType("GuardName", {
  values: upperCase(Warnings.entries.guard.options),
});

export const GuardWarning = builder.objectRef<Warnings>("GuardWarning").implement({
  description: "What a guard of the collection has seen in an enrolment.",
  fields: (t) => ({
    guard: t.field({ type: GuardName, resolve: ({ guard }) => guard }),
    images: t.field({
      type: ["Int"],
      description: "Which photos it is about, from 1.",
      resolve: ({ images }) => images,
    }),
    message: t.exposeString("message", { description: "In words, with what to do." }),
    identityId: t.exposeString("identity_id", {
      nullable: true,
      description: "DUPLICATE: who it may be.",
    }),
    identity: t.field({
      type: Identity,
      nullable: true,
      description: "The same; null when deleted since.",
      resolve: ({ identity_id }, _, context) => findIdentity(identity_id, context),
    }),
    score: t.exposeFloat("score", { nullable: true, description: "DUPLICATE: how sure that is, 0 to 1." }),
  }),
});
