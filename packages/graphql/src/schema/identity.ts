import { builder } from "../builder.ts";
import type { Context } from "../context.ts";
import { NotFoundError } from "../errors.ts";
import { BATCH_MAX, readIdentities } from "../reads.ts";
import { Collection, findCollection } from "./collection.ts";

/** All identities asked for in a moment are read in one call. */
export const Identity = builder.loadableNodeRef("Identity", {
  id: { resolve: (identity) => identity.identity_id },
  load: (ids: string[], context: Context) => readIdentities(ids, context),
  loaderOptions: { maxBatchSize: BATCH_MAX },
});

Identity.implement({
  description: "A person as the account knows them: faces, an external id and free metadata.",
  fields: (t) => ({
    identityId: t.exposeString("identity_id", { description: "The id of the REST API." }),
    collection: t.field({
      type: Collection,
      nullable: true,
      description: "The collection that it is in; null when it is being deleted.",
      resolve: ({ collection_id }, _, context) => findCollection(collection_id, context),
    }),
    externalId: t.string({
      nullable: true,
      description: "The caller's own key; unique in the collection.",
      resolve: (identity) => identity.external_id,
    }),
    name: t.string({
      nullable: true,
      description: "`metadata.name` where it is text.",
      resolve: ({ metadata }) => (typeof metadata["name"] === "string" ? metadata["name"] : null),
    }),
    metadata: t.field({ type: "JSON", resolve: (identity) => identity.metadata }),
    createdAt: t.field({ type: "DateTime", resolve: (identity) => identity.created_at }),
    updatedAt: t.field({ type: "DateTime", resolve: (identity) => identity.updated_at }),
  }),
});

/** Null when it is unknown or has been deleted since. */
export async function findIdentity(id: string | undefined, context: Context) {
  if (id === undefined) return null;
  return Identity.getDataloader(context)
    .load(id)
    .catch((error: unknown) => {
      if (error instanceof NotFoundError) return null;
      throw error;
    });
}
