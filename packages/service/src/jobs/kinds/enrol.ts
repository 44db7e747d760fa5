import { randomUUID } from "node:crypto";
import { EXTERNAL_ID_MAX_LENGTH } from "@prosopon/core/contract";
import { InputError } from "../../errors/input-error.ts";
import { parseJson } from "../../input/json.ts";
import { checkedMetadata } from "../../input/metadata.ts";
import { StorageError } from "../../storage/types.ts";
import { analysePrincipals, enrolmentResult, newFace } from "../analyse-images.ts";
import { collectionOf } from "../collection.ts";
import { guard } from "../guards.ts";
import type { Asked, Fields } from "./form.ts";
import type { Kind } from "./kind.ts";

interface Payload {
  externalId?: string;
  metadata?: Record<string, unknown>;
}

/** Photos of one person become an identity. */
export const enrol: Kind<Payload> = {
  kind: "enrol",
  summary: "Enrol with an external id and metadata (JSON text)",
  form: { fields: { external_id: "text", metadata: "text" }, read: readName },

  async run({ storage, scale, ...tools }, job, { externalId, metadata = {} }, signal) {
    const collection = await collectionOf(storage, job);
    const images = await analysePrincipals(tools, job, { crop: collection.settings.keepCrops, signal });
    const warnings = await guard({ storage, scale }, { images, collection });
    const faces = images.map(newFace);
    return {
      type: "enrolled",
      identityId: randomUUID(),
      ...(externalId !== undefined && { externalId }),
      metadata,
      faces,
      result: enrolmentResult(images, faces, warnings),
    };
  },
};

async function readName(fields: Fields, { storage, accountId, collectionId }: Asked): Promise<Payload> {
  const externalId = fields.text("external_id") || undefined;
  if (externalId && externalId.length > EXTERNAL_ID_MAX_LENGTH)
    throw new InputError(`external_id is over ${EXTERNAL_ID_MAX_LENGTH} characters`);
  const text = fields.text("metadata");
  const metadata = text ? checkedMetadata(parseJson(text)) : undefined;
  // Told now where it can be; a race of two creates is told by the job.
  const taken =
    externalId &&
    (await storage.identities.list({ accountId, collectionId: collectionId! }, { externalId }, { limit: 1 }))
      .items[0];
  if (taken) throw new StorageError("conflict", `the external id is taken by the identity ${taken.id}`);
  return { ...(externalId && { externalId }), ...(metadata && { metadata }) };
}
