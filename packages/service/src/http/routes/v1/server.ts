import type { AccountInfo, ServerInfo } from "@prosopon/core/contract";
import { json, type Handler } from "../../call.ts";
import { IMAGES_PER_JOB } from "../../../limits.ts";
import { CALIBRATION, LISTED_SCORE, RECOGNIZED_SCORE } from "../../../matching/match.ts";
import { HttpProblem } from "../../problem.ts";

/** What a client may look for instead of trying: each names a part of docs/protocol.md. */
const CAPABILITIES = [
  "v1",
  "events",
  "events.sse",
  "events.websocket",
  "wait",
  "retry",
  "cancel",
  "uploads",
  "metadata",
  "external-ids",
  "face-crops",
];

export const serverInfo: Handler = ({ deps }) => {
  const { models, bounds } = deps.engine.info();
  const info: ServerInfo = {
    name: "prosopon",
    version: deps.version,
    models,
    thresholds: { recognized: RECOGNIZED_SCORE, listed: LISTED_SCORE },
    calibration: [...CALIBRATION],
    capabilities: CAPABILITIES,
    limits: {
      upload_bytes: deps.limits.uploadBytes,
      image_pixels: bounds.maxPixels,
      images_per_job: IMAGES_PER_JOB,
    },
  };
  return json(info);
};

export const accountInfo: Handler = async ({ deps, accountId }) => {
  const { storage, limits } = deps;
  const [account, { identities, faces }, usage] = await Promise.all([
    storage.accounts.byId(accountId),
    storage.identities.count(accountId),
    storage.accounts.usage(accountId),
  ]);
  if (!account) throw new HttpProblem(404, "the account is gone");
  const info: AccountInfo = {
    client_id: account.clientId,
    name: account.name,
    settings: {
      keep_crops: account.settings.keepCrops,
      refuse_mixed_identities: account.settings.refuseMixedIdentities,
    },
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
