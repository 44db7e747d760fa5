import type { AccountInfo, ServerInfo } from "@prosopon/core/contract";
import type { Clock } from "../clock.ts";
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

/** The process answers. */
export const healthz: Handler = () => json({ status: "ok" });

/** Shorter than the storage's own patience, so that a balancer learns of an outage while the calls under way still wait. */
const PROBE_MS = 2_000;

/** Work can be given to it: where it works itself the engine has recognised its known image; database and images can be had; its disks have room. */
export const readyz: Handler = async ({ deps }) => {
  const { storage, blobs, clock, space } = deps;
  const faults = () =>
    Promise.all([
      fault("the database", storage.ping(), clock),
      fault("the store of images", blobs.present(), clock),
      space.shortage(),
    ]);
  const reason = deps.notReady() ?? (await faults()).find((one) => one !== undefined);
  if (reason) throw new HttpProblem(503, `role ${deps.role}: ${reason}`, { "retry-after": "1" });
  return json({ status: "ready", role: deps.role });
};

async function fault(what: string, asked: Promise<unknown>, clock: Clock): Promise<string | undefined> {
  const late = Promise.withResolvers<string>();
  const cancel = clock.after(PROBE_MS, () => late.resolve(`${what} does not answer`));
  const answer = asked.then(
    () => undefined,
    (error: unknown) => spoken(error) ?? `${what} cannot be used; the log says why`,
  );
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    cancel();
  }
}

/** Whoever asks has no token: only what we say ourselves is repeated, not what a database or an object storage said. */
function spoken(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === "BlobsAwayError" && "publicly" in error) return String(error.publicly);
  return error.name === "StorageError" ? error.message : undefined;
}
