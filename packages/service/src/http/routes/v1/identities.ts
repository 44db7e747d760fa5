import { IdentityPatch } from "@prosopon/core/contract";
import { json, type Handler } from "../../call.ts";
import { readText } from "../../json.ts";
import { idsOf, mapOf, optional, pageOf } from "../../query.ts";
import { parseJson, shaped } from "../../../input/json.ts";
import { checkedMetadata } from "../../../input/metadata.ts";
import { unknownId } from "../../../input/unknown-id.ts";
import type { StorageError } from "../../../storage/types.ts";
import { identityView } from "../../views.ts";

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

const unknownIdentity = (id: string): StorageError => unknownId("identity", id);
