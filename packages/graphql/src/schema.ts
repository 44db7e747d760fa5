import type { GraphQLSchema } from "graphql";
import { builder } from "./builder.ts";
import "./schema/scalars.ts";
import "./schema/errors.ts";
import "./schema/face.ts";
import "./schema/job.ts";
import "./schema/jobs/index.ts";
import "./schema/query.ts";
import "./schema/viewer.ts";
import "./schema/mutation.ts";
import "./schema/collection-mutations.ts";
import "./schema/subscription.ts";

export const schema: GraphQLSchema = builder.toSchema();
