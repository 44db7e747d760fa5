import { DeleteRequest } from "@prosopon/core/contract";
import type { EraseImages } from "../../../blobs/erase.ts";
import type { Clock } from "../../../clock.ts";
import { parseJson, shaped } from "../../../input/json.ts";
import { unknownId } from "../../../input/unknown-id.ts";
import type { CollectionLookup } from "../../collection-lookup.ts";
import type { Storage } from "../../../storage/types.ts";
import type { BodyPace } from "../../body.ts";
import { noContent, type Call } from "../../call.ts";
import { readText } from "../../json.ts";
import { HttpProblem } from "../../problem.ts";
import { isListKey } from "../../query.ts";
import type { Route } from "../../route.ts";

/** What identities are deleted with. */
export interface IdentityRouteTools {
  storage: Storage;
  collections: CollectionLookup;
  eraseImages: EraseImages;
  limits: BodyPace;
  clock: Clock;
}

export function identityRoutes({
  storage,
  collections,
  eraseImages,
  limits,
  clock,
}: IdentityRouteTools): Route[] {
  /** Published clients name the ids in the query in three styles, or in a JSON or form body. */
  async function remove(call: Call, collectionId?: string): Promise<Response> {
    const ids = [...pick(call.query), ...(await idsInBody(call, limits))];
    if (ids.length === 0 || ids.includes(""))
      throw new HttpProblem(
        400,
        'name at least one identity: identity_id= in the query, or {"identity_id": [..]} as the body',
      );
    const { deleted, missing, blobIds } = await storage.identities.delete(
      call.accountId,
      [...new Set(ids)],
      clock.now(),
      collectionId,
    );
    if (!deleted) throw unknownId("identity", missing, "nothing was deleted: ");
    await eraseImages(blobIds);
    return noContent();
  }

  return [
    [
      "DELETE",
      "/innovation-service/identity",
      "token",
      async (call) => remove(call, await collections.idOf(call.accountId, undefined)),
    ],
    // The same for people of every collection.
    ["DELETE", "/v1/identities", "token", (call) => remove(call)],
  ];
}

const pick = (pairs: URLSearchParams): string[] =>
  [...pairs].filter(([key]) => isListKey(key, "identity_id")).map(([, value]) => value.trim());

async function idsInBody({ request, query }: Call, limits: BodyPace): Promise<string[]> {
  const type = request.headers.get("content-type") ?? "";
  const text = (await readText(request, limits)).trim();
  if (text === "") return [];
  if (/^application\/x-www-form-urlencoded/i.test(type) && !text.startsWith("{"))
    return pick(new URLSearchParams(text));
  // A body of JSON beside a query that names ids already may hold anything, e.g. `{}` or `null`.
  const body = parseJson(text);
  if (pick(query).length > 0 && !(body && typeof body === "object" && "identity_id" in body)) return [];
  return [shaped(body, DeleteRequest).identity_id].flat();
}
