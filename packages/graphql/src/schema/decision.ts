import { Decision as Decisions } from "@prosopon/core/contract";
import { builder } from "../builder.ts";

export const Decision = builder.enumType("Decision", {
  values: {
    MATCH: { value: "match", description: "The score is that of a recognition: 0.95 or more." },
    POSSIBLE: { value: "possible", description: "The score is above the listed one, 0.85." },
    UNKNOWN: { value: "unknown" },
  } satisfies Record<Uppercase<(typeof Decisions.options)[number]>, object>,
});
