import DataLoader from "dataloader";
import type { JobState } from "@prosopon/core";
import {
  type Collection,
  type Face,
  type Identity,
  LISTED_SCORE,
  RECOGNIZED_SCORE,
  type ServerInfo,
} from "@prosopon/core/contract";
import type { Context } from "./context.ts";
import { NotFoundError } from "./errors.ts";
import { recordState } from "./job-view.ts";
import { isMissing, isUnsupported, upstream } from "./upstream.ts";

/** Crops have no batch route: this many are fetched at a time for one operation. */
const CROPS_AT_ONCE = 8;
/** Most ids of one call upstream. */
export const BATCH_MAX = 100;

/** One call, in the given order. */
export async function readIdentities(
  ids: readonly string[],
  { client }: Context,
): Promise<(Identity | Error)[]> {
  const unique = [...new Set(ids)];
  const { items } = await upstream(client.identities.list({ ids: unique, limit: unique.length }));
  const byId = new Map(items.map((identity) => [identity.identity_id, identity]));
  return ids.map((id) => byId.get(id) ?? new NotFoundError(`This account has no identity ${id}.`));
}

/** By id or name: there is no batch route, and few are asked for at once. */
export function readCollections(
  idsOrNames: readonly string[],
  { client }: Context,
): Promise<(Collection | Error)[]> {
  return Promise.all(
    idsOrNames.map((one) =>
      upstream(client.collections.get(one)).catch((error: unknown) => {
        if (isMissing(error)) return new NotFoundError(`This account has no collection ${one}.`);
        throw error;
      }),
    ),
  );
}

type Thresholds = ServerInfo["thresholds"];
const thresholds = new WeakMap<Context, Promise<Thresholds>>();

/** What the server advertises, or the documented API says. Asked for once, however many scores are judged by it. */
export function readThresholds(context: Context): Promise<Thresholds> {
  let asked = thresholds.get(context);
  if (!asked) {
    asked = upstream(context.client.server()).then(
      (server) => server?.thresholds ?? { listed: LISTED_SCORE, recognized: RECOGNIZED_SCORE },
    );
    thresholds.set(context, asked);
  }
  return asked;
}

export async function readFace(id: string, { client }: Context): Promise<Face | null> {
  return upstream(client.faces.get(id)).catch(nullIfMissing);
}

/** `data:` URLs; null where none is kept. */
export async function readCrops(ids: readonly string[], { client }: Context): Promise<(string | null)[]> {
  const urls: (string | null)[] = [];
  for (let at = 0; at < ids.length; at += CROPS_AT_ONCE) {
    const some = ids.slice(at, at + CROPS_AT_ONCE);
    urls.push(
      ...(await Promise.all(some.map((id) => upstream(client.faces.crop(id)).then(dataUrl, nullIfMissing)))),
    );
  }
  return urls;
}

async function dataUrl(image: Blob): Promise<string> {
  const bytes = new Uint8Array(await image.arrayBuffer());
  return `data:image/jpeg;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
}

const jobLoaders = new WeakMap<Context, DataLoader<string, JobState | null>>();

/** The job as it is now; null when the account has none of that id. All jobs of a moment are read in one call. */
export function loadJob(id: string, context: Context): Promise<JobState | null> {
  let loader = jobLoaders.get(context);
  if (!loader) {
    loader = new DataLoader((ids) => readJobs(ids, context), { maxBatchSize: BATCH_MAX });
    jobLoaders.set(context, loader);
  }
  return loader.load(id);
}

/** What was read for one event of a subscription may be out of date at the next. */
export function forgetReads(context: Context): void {
  jobLoaders.delete(context);
  thresholds.delete(context);
}

/** One call; a server with only the documented routes is asked job by job. */
export async function readJobs(
  ids: readonly string[],
  { client }: Pick<Context, "client">,
): Promise<(JobState | null)[]> {
  const unique = [...new Set(ids)];
  try {
    const { items } = await client.jobs.list({ ids: unique, limit: unique.length });
    const byId = new Map(items.map((job) => [job.job_id, recordState(job)]));
    return ids.map((id) => byId.get(id) ?? null);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    return Promise.all(ids.map((id) => client.jobs.get(id).catch(nullIfMissing)));
  }
}

function nullIfMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}
