import type { AccountInfo } from "@prosopon/core/contract";
import type { Limits } from "../../../limits.ts";
import type { Storage } from "../../../storage/types.ts";
import { json, type Handler } from "../../call.ts";
import { HttpProblem } from "../../problem.ts";
import type { Route } from "../../route.ts";

export function accountRoutes(storage: Storage, limits: Limits): Route[] {
  const get: Handler = async ({ accountId }) => {
    const [account, { identities, faces }, usage] = await Promise.all([
      storage.accounts.byId(accountId),
      storage.identities.count(accountId),
      storage.accounts.usage(accountId),
    ]);
    if (!account) throw new HttpProblem(404, "the account is gone");
    const info: AccountInfo = {
      client_id: account.clientId,
      name: account.name,
      identities,
      faces,
      quotas: {
        unfinished_jobs: { used: usage.unfinishedJobs, limit: limits.unfinishedJobs },
        pending_bytes: { used: usage.pendingBytes, limit: limits.pendingBytes },
        uploads_at_once: { limit: limits.uploadsAtOnce },
        ...(limits.identities < Infinity && { identities: { used: identities, limit: limits.identities } }),
        ...(limits.faces < Infinity && { faces: { used: faces, limit: limits.faces } }),
      },
    };
    return json(info);
  };

  return [["GET", "/v1/account", "token", get]];
}
