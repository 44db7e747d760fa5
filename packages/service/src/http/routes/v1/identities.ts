import { IdentityPatch } from "@prosopon/core/contract";
import type { Clock } from "../../../clock.ts";
import { parseJson, shaped } from "../../../input/json.ts";
import { checkedMetadata } from "../../../input/metadata.ts";
import { unknownId } from "../../../input/unknown-id.ts";
import type { CollectionLookup } from "../../collection-lookup.ts";
import type { Space } from "../../../space.ts";
import type { Storage } from "../../../storage/types.ts";
import type { BodyPace } from "../../body.ts";
import { json, type Handler } from "../../call.ts";
import { readText } from "../../json.ts";
import { idsOf, mapOf, optional, pageOf } from "../../query.ts";
import type { Route } from "../../route.ts";
import { identityView } from "../../views.ts";

/** What identities are read and changed with. */
export interface IdentitiesRouteTools {
  storage: Storage;
  collections: CollectionLookup;
  space: Space;
  limits: BodyPace;
  clock: Clock;
}

export function identitiesRoutes({
  storage,
  collections,
  space,
  limits,
  clock,
}: IdentitiesRouteTools): Route[] {
  const list: Handler = async ({ accountId, query }) => {
    const ids = idsOf(query);
    if (ids)
      return json({ identities: (await storage.identities.getMany(accountId, ids)).map(identityView) });
    const externalId = optional(query, "external_id");
    const metadata = mapOf(query, "metadata");
    const text = optional(query, "text");
    const filter = {
      ...(externalId && { externalId }),
      ...(metadata && { metadata }),
      ...(text && { text }),
    };
    const collectionId = await collections.idOf(accountId, optional(query, "collection"));
    const { items, nextCursor } = await storage.identities.list(
      { accountId, collectionId },
      filter,
      pageOf(query),
    );
    return json({ identities: items.map(identityView), ...(nextCursor && { next_cursor: nextCursor }) });
  };

  const get: Handler = async ({ accountId, params }) => {
    const identity = await storage.identities.get(accountId, params["id"]!);
    if (!identity) throw unknownId("identity", params["id"]!);
    return json(identityView(identity));
  };

  const patch: Handler = async ({ accountId, params, request }) => {
    const id = params["id"]!;
    const body = parseJson(await readText(request, limits));
    const { external_id, metadata } = shaped(body, IdentityPatch);
    // What only removes is taken on a full disk too.
    if ([external_id, ...Object.values(metadata ?? {})].some((value) => value != null)) await space.admit();
    if (metadata) {
      // Keys merge, so the bound is on what would be stored.
      const before = await storage.identities.get(accountId, id);
      checkedMetadata({ ...before?.metadata, ...checkedMetadata((body as { metadata: unknown }).metadata) });
    }
    const change = {
      ...(external_id !== undefined && { externalId: external_id }),
      ...(metadata && { metadata }),
    };
    const identity = await storage.identities.patch(accountId, id, change, clock.now());
    if (!identity) throw unknownId("identity", id);
    return json(identityView(identity));
  };

  return [
    ["GET", "/v1/identities", "token", list],
    ["GET", "/v1/identities/:id", "token", get],
    ["PATCH", "/v1/identities/:id", "token", patch],
  ];
}
