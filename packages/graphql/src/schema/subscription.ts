import { builder } from "../builder.ts";
import type { AccountChange } from "../context.ts";
import { jobTypes, upstreamId } from "../ids.ts";
import { forgetReads } from "../reads.ts";
import { Job } from "./job.ts";

const JobChange = builder.objectRef<AccountChange>("JobChange").implement({
  description: "A change of one of the account's jobs.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", {
      description: "Pass it as `after` to resume from here without a gap.",
    }),
    job: t.field({ type: Job, resolve: (change) => change.job }),
  }),
});

builder.subscriptionType({
  authScopes: { authenticated: true },
  fields: (t) => ({
    jobUpdated: t.field({
      type: Job,
      description:
        "A job's current state, then each change; ends after the final one. After a reconnect the current state comes first again, so nothing is missed.",
      args: { id: t.arg.id({ required: true, description: "Global, or of the REST API." }) },
      subscribe: (_, { id }, context) => context.changes.of(upstreamId(id, jobTypes, ["id"])),
      resolve: (job, _, context) => {
        forgetReads(context);
        return job;
      },
    }),
    jobsUpdated: t.field({
      type: JobChange,
      description:
        "The unfinished jobs of the account as they are, then each change of any; does not end by itself.",
      args: { after: t.arg.string({ description: "Resume after this cursor of an earlier change." }) },
      subscribe: (_, { after }, context) => context.changes.all(after ?? undefined),
      resolve: (change, _, context) => {
        forgetReads(context);
        return change;
      },
    }),
  }),
});
