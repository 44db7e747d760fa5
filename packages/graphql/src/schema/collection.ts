import { builder } from "../builder.ts";
import type { Context } from "../context.ts";
import { NotFoundError } from "../errors.ts";
import { upstreamId } from "../ids.ts";
import { readCollections } from "../reads.ts";
import { upstream } from "../upstream.ts";
import { Guards } from "./guards.ts";
import { CollectionCalibration } from "./collection-calibration.ts";

/** Each collection asked for in a moment is read once. */
export const Collection = builder.loadableNodeRef("Collection", {
  id: { resolve: (collection) => collection.collection_id },
  load: (ids: string[], context: Context) => readCollections(ids, context),
});

Collection.implement({
  description: "A gallery inside the account: nobody of one is found through another.",
  fields: (t) => ({
    collectionId: t.exposeString("collection_id", { description: "The id of the REST API." }),
    name: t.exposeString("name", { description: "Unique in the account." }),
    keepsCrops: t.boolean({
      description: "Whether a 160 px crop of every enrolled face is kept.",
      resolve: ({ settings }) => settings.keep_crops,
    }),
    guards: t.field({
      type: Guards,
      description: "What happens where an enrolment looks wrong.",
      resolve: ({ settings }) => settings,
    }),
    identityCount: t.exposeInt("identities"),
    faceCount: t.exposeInt("faces"),
    calibration: t.field({
      type: CollectionCalibration,
      description: "What scores of searches mean in it at its present size.",
      resolve: ({ collection_id }, _, { client }) => upstream(client.collections.calibration(collection_id)),
    }),
    createdAt: t.field({ type: "DateTime", resolve: ({ created_at }) => created_at }),
    updatedAt: t.field({ type: "DateTime", resolve: ({ updated_at }) => updated_at }),
  }),
});

/** By its id or its name; null when there is none, or it has been deleted since. */
export async function findCollection(idOrName: string, context: Context) {
  return Collection.getDataloader(context)
    .load(idOrName)
    .catch((error: unknown) => {
      if (error instanceof NotFoundError) return null;
      throw error;
    });
}

/** Where it is in the inputs of jobs, for errors. */
export const COLLECTION_PATH = ["input", "collection"];
export const IN_COLLECTION =
  "Global id, id of the REST API, or name of the collection; `default` when left out.";

/** What a caller named, as the client takes it. */
export const collectionNamed = (
  collection: string | null | undefined,
  path: readonly string[] = COLLECTION_PATH,
): { collection?: string } =>
  collection == null ? {} : { collection: upstreamId(collection, ["Collection"], path) };
