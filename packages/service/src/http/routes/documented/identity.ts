import { DeleteRequest } from "@prosopon/core/contract";
import { eraseOrLeave } from "../../../blobs/erase.ts";
import { noContent, type Call, type Handler } from "../../call.ts";
import { readText } from "../../json.ts";
import { isListKey } from "../../query.ts";
import { HttpProblem } from "../../problem.ts";
import { parseJson, shaped } from "../../../input/json.ts";
import { unknownId } from "../../../input/unknown-id.ts";

/** Published clients name the ids in the query in three styles, or in a JSON or form body. */
export const deleteIdentities: Handler = async (call) => {
  const { deps, accountId, query, request } = call;
  const ids = [...pick(query), ...(await idsInBody(call, request.headers.get("content-type") ?? ""))];
  if (ids.length === 0 || ids.includes(""))
    throw new HttpProblem(
      400,
      'name at least one identity: identity_id= in the query, or {"identity_id": [..]} as the body',
    );
  const { deleted, missing, blobIds } = await deps.storage.identities.delete(
    accountId,
    [...new Set(ids)],
    deps.clock.now(),
  );
  if (!deleted) throw unknownId("identity", missing, "nothing was deleted: ");
  await eraseOrLeave(deps, blobIds);
  return noContent();
};

const pick = (pairs: URLSearchParams): string[] =>
  [...pairs].filter(([key]) => isListKey(key, "identity_id")).map(([, value]) => value.trim());

async function idsInBody(call: Call, type: string): Promise<string[]> {
  const text = (await readText(call)).trim();
  if (text === "") return [];
  if (/^application\/x-www-form-urlencoded/i.test(type) && !text.startsWith("{"))
    return pick(new URLSearchParams(text));
  // A body of JSON beside a query that names ids already may hold anything, e.g. `{}` or `null`.
  const body = parseJson(text);
  if (pick(call.query).length > 0 && !(body && typeof body === "object" && "identity_id" in body)) return [];
  return [shaped(body, DeleteRequest).identity_id].flat();
}
