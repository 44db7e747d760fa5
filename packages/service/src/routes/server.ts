import type { ServerInfo } from "@prosopon/core/contract";
import { json, type Handler } from "../http/call.ts";
import { IMAGES_PER_JOB } from "../limits.ts";
import { CALIBRATION, LISTED_SCORE, RECOGNIZED_SCORE } from "../match.ts";
import { HttpProblem } from "../problem.ts";

/** What a client may look for instead of trying: each names a part of docs/protocol.md. */
const CAPABILITIES = [
  "v1",
  "events",
  "events.sse",
  "events.websocket",
  "wait",
  "uploads",
  "metadata",
  "external-ids",
  "face-crops",
];

export const serverInfo: Handler = ({ deps }) => {
  const { models, maxPixels } = deps.engine.info();
  const info: ServerInfo = {
    name: "prosopon",
    version: deps.version,
    models,
    thresholds: { recognized: RECOGNIZED_SCORE, listed: LISTED_SCORE },
    calibration: [...CALIBRATION],
    capabilities: CAPABILITIES,
    limits: {
      upload_bytes: deps.limits.uploadBytes,
      image_pixels: maxPixels,
      images_per_job: IMAGES_PER_JOB,
    },
  };
  return json(info);
};

export const accountInfo: Handler = async ({ deps, accountId }) => {
  const [account, { identities, faces }] = await Promise.all([
    deps.storage.accounts.byId(accountId),
    deps.storage.identities.count(accountId),
  ]);
  if (!account) throw new HttpProblem(404, "the account is gone");
  return json({
    client_id: account.clientId,
    name: account.name,
    settings: {
      keep_crops: account.settings.keepCrops,
      refuse_mixed_identities: account.settings.refuseMixedIdentities,
    },
    identities,
    faces,
  });
};

/** The process answers. */
export const healthz: Handler = () => json({ status: "ok" });

/** Work can be given to it: the engine has recognised its known image, and the database answers. */
export const readyz: Handler = async ({ deps }) => {
  const reason = deps.notReady();
  if (reason) throw new HttpProblem(503, reason, { "retry-after": "1" });
  await deps.storage.jobs.nextDue(deps.clock.now());
  return json({ status: "ready" });
};
