import * as v from "valibot";
import { builder } from "../builder.ts";
import { ConflictError, NotFoundError, UnsupportedByUpstreamError } from "../errors.ts";
import { upstreamId } from "../ids.ts";
import { upstream } from "../upstream.ts";
import { Collection } from "./collection.ts";
import { guardSettings, GuardsInput } from "./guards.ts";

const ID_PATH = ["input", "collection"];
const NAME_PATH = ["input", "name"];
const WHICH = "Global id, id of the REST API, or name.";
const errors = { types: [NotFoundError, ConflictError, UnsupportedByUpstreamError] };

interface Settings {
  keepsCrops?: boolean | null | undefined;
  guards?: typeof GuardsInput.$inferInput | null | undefined;
}

const settingsOf = ({ keepsCrops, guards }: Settings) => ({
  ...(keepsCrops != null && { keep_crops: keepsCrops }),
  ...(guards && guardSettings(guards)),
});

const CreateCollectionInput = builder.inputType("CreateCollectionInput", {
  fields: (t) => ({
    name: t.string({ required: true, description: "1 to 64 characters; unique in the account." }),
    keepsCrops: t.boolean({ description: "False when left out." }),
    guards: t.field({ type: GuardsInput }),
  }),
});

const UpdateCollectionInput = builder.inputType("UpdateCollectionInput", {
  description: "What is left out stays.",
  fields: (t) => ({
    collection: t.id({ required: true, description: WHICH }),
    name: t.string(),
    keepsCrops: t.boolean(),
    guards: t.field({ type: GuardsInput }),
  }),
});

const DeleteCollectionInput = builder.inputType("DeleteCollectionInput", {
  validate: v.object({ collection: v.string() }),
  fields: (t) => ({ collection: t.id({ required: true, description: WHICH }) }),
});

const DeletedCollection = builder.objectRef<{ collection: string }>("DeletedCollection").implement({
  description: "The receipt of an erasure.",
  fields: (t) => ({
    collectionId: t.exposeString("collection", { description: "The id of the REST API." }),
    id: t.globalID({
      description: "The id that it had here.",
      resolve: ({ collection }) => ({ type: "Collection", id: collection }),
    }),
  }),
});

builder.mutationFields((t) => ({
  createCollection: t.field({
    type: Collection,
    errors: { types: [ConflictError, UnsupportedByUpstreamError] },
    description: "Creates a gallery inside the account.",
    args: { input: t.arg({ type: CreateCollectionInput, required: true }) },
    resolve: (_, { input: { name, ...settings } }, { client }) =>
      upstream(client.collections.create({ name, settings: settingsOf(settings) }), {
        unique: NAME_PATH,
        value: NAME_PATH,
      }),
  }),
  updateCollection: t.field({
    type: Collection,
    errors,
    description: "Changes its name and settings.",
    args: { input: t.arg({ type: UpdateCollectionInput, required: true }) },
    resolve: (_, { input: { collection, name, ...settings } }, { client }) =>
      upstream(
        client.collections.update(upstreamId(collection, ["Collection"], ID_PATH), {
          ...(name != null && { name }),
          settings: settingsOf(settings),
        }),
        { id: ID_PATH, unique: NAME_PATH, value: NAME_PATH },
      ),
  }),
  deleteCollection: t.field({
    type: DeletedCollection,
    errors,
    description: "Deletes it and erases all its people. `default` stays.",
    args: { input: t.arg({ type: DeleteCollectionInput, required: true }) },
    resolve: async (_, { input }, { client }) => {
      const named = upstreamId(input.collection, ["Collection"], ID_PATH);
      const { collection_id } = await upstream(client.collections.get(named), { id: ID_PATH });
      await upstream(client.collections.delete(collection_id), { id: ID_PATH });
      return { collection: collection_id };
    },
  }),
}));
