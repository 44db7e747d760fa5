import { EXTERNAL_ID_MAX_LENGTH, IdentityPatch, METADATA_MAX_BYTES, Metadata } from "@prosopon/core/contract";
import { json, type Call, type Handler } from "../http/call.ts";
import type { Form } from "../http/form.ts";
import { parseJson, readText, shaped } from "../http/json.ts";
import { idsOf, mapOf, optional, pageOf } from "../http/query.ts";
import { startJob } from "../jobs/start.ts";
import { HttpProblem, unknownId } from "../problem.ts";
import { identityView } from "../views.ts";

/** The documented create, with an external id and metadata. */
export const createNamedIdentity: Handler = (call) =>
  startJob(call, "enrol", (form) => checkedName(call, form));

/** What the form says beside its images. @throws HttpProblem 400, 409 */
async function checkedName({ deps, accountId }: Call, form: Form) {
  const externalId = form.text("external_id") || undefined;
  if (externalId && externalId.length > EXTERNAL_ID_MAX_LENGTH)
    throw new HttpProblem(400, `external_id is over ${EXTERNAL_ID_MAX_LENGTH} characters`);
  const text = form.text("metadata");
  const metadata = text ? checkedMetadata(parseJson(text)) : {};
  // Told now where it can be; a race of two creates is told by the job.
  const taken =
    externalId && (await deps.storage.identities.list(accountId, { externalId }, { limit: 1 })).items[0];
  if (taken) throw new HttpProblem(409, `the external id is taken by the identity ${taken.id}`);
  return { ...(externalId && { externalId }), metadata };
}

export const listIdentities: Handler = async ({ deps, accountId, query }) => {
  const ids = idsOf(query);
  if (ids)
    return json({ identities: (await deps.storage.identities.getMany(accountId, ids)).map(identityView) });
  const externalId = optional(query, "external_id");
  const metadata = mapOf(query, "metadata");
  const text = optional(query, "text");
  const filter = { ...(externalId && { externalId }), ...(metadata && { metadata }), ...(text && { text }) };
  const { items, nextCursor } = await deps.storage.identities.list(accountId, filter, pageOf(query));
  return json({ identities: items.map(identityView), ...(nextCursor && { next_cursor: nextCursor }) });
};

export const getIdentity: Handler = async ({ deps, accountId, params }) => {
  const identity = await deps.storage.identities.get(accountId, params["id"]!);
  if (!identity) throw unknownIdentity(params["id"]!);
  return json(identityView(identity));
};

export const patchIdentity: Handler = async (call) => {
  const { deps, accountId, params } = call;
  const body = parseJson(await readText(call));
  const { external_id, metadata } = shaped(body, IdentityPatch);
  // What only removes is taken on a full disk too.
  if ([external_id, ...Object.values(metadata ?? {})].some((value) => value != null))
    await deps.space.admit();
  if (metadata) {
    // Keys merge, so the bound is on what would be stored.
    const before = await deps.storage.identities.get(accountId, params["id"]!);
    checkedMetadata({ ...before?.metadata, ...checkedMetadata((body as { metadata: unknown }).metadata) });
  }
  const patch = {
    ...(external_id !== undefined && { externalId: external_id }),
    ...(metadata && { metadata }),
  };
  const identity = await deps.storage.identities.patch(accountId, params["id"]!, patch, deps.clock.now());
  if (!identity) throw unknownIdentity(params["id"]!);
  return json(identityView(identity));
};

const unknownIdentity = (id: string): HttpProblem => unknownId("identity", id);

function checkedMetadata(value: unknown): Metadata {
  // valibot's record takes an array for an object without keys.
  if (Array.isArray(value)) throw new HttpProblem(400, "metadata must be a JSON object");
  const metadata = shaped(value, Metadata);
  if (Buffer.byteLength(JSON.stringify(metadata)) > METADATA_MAX_BYTES)
    throw new HttpProblem(400, `metadata is over ${METADATA_MAX_BYTES} bytes of JSON`);
  return metadata;
}
