import { InputError } from "../../errors/input-error.ts";
import { unknownId } from "../../input/unknown-id.ts";
import type { Asked, Fields, Form } from "./form.ts";

/** The form of a job that is about one identity. */
export const identityForm: Form<{ identityId: string }> = {
  fields: { identity_id: "text" },
  read: async (fields, asked) => ({ identityId: await namedIdentity(fields, asked) }),
};

async function namedIdentity(fields: Fields, { storage, accountId, collectionId }: Asked): Promise<string> {
  const id = fields.text("identity_id")?.trim();
  const known = id ? await storage.identities.get(accountId, id) : undefined;
  if (known && known.collectionId === (collectionId ?? known.collectionId)) return known.id;
  if (!id) throw new InputError("the form needs the field identity_id");
  throw unknownId("identity", id);
}
