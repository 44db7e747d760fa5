import { openAsBlob } from "node:fs";
import { join } from "node:path";
import { isApiError, isJobFailedError, type Client, type JobRef, type JobState } from "@prosopon/core";
import { isFinalStatus, type Job } from "@prosopon/core/contract";
import { everyPage } from "../every-page.ts";
import type { Journal, OpenJob } from "./journal.ts";
import { fingerprint, type Person } from "./people.ts";

export interface FileReport {
  person: string;
  file: string;
  status: "enrolled" | "already" | "failed";
  identity_id?: string;
  /** failed: why, in words. */
  reason?: string;
  /** enrolled: what the guards of the collection have seen in it. */
  warnings?: string[];
}

export interface Enrolment {
  client: Client;
  journal: Journal;
  directory: string;
  /** Id. Default: the account's `default`. */
  collection?: string;
  signal: AbortSignal;
  report(file: FileReport): void;
}

/** The documented API takes so many images in one request. */
const IMAGES_PER_JOB = 5;
/** The server's clock and ours may differ by so much. */
const CLOCK_SKEW_MS = 60_000;

interface Photo {
  file: string;
  hash: string;
}

/** Brings one person up to date: what an earlier run left open is settled first, then the new photos are sent. */
export async function enrolPerson(run: Enrolment, { name, files }: Person): Promise<void> {
  const { client, journal, signal } = run;
  const record = journal.person(name);
  if (record.open) await settle(run, name, record.open);
  if (record.identityId !== undefined && !(await exists(client, record.identityId, signal)))
    journal.write({ event: "forgotten", person: name });

  const photos = await Promise.all(
    files.map(async (file): Promise<Photo> => ({
      file,
      hash: await fingerprint(join(run.directory, name, file)),
    })),
  );
  const known = photos.filter(({ hash }) => record.enrolled.has(hash));
  const fresh = photos.filter(({ hash }) => !record.enrolled.has(hash));
  for (const { file } of known)
    run.report({ person: name, file, status: "already", identity_id: record.identityId! });

  if (fresh.length > 0 && record.identityId === undefined) {
    const elsewhere = await byExternalId(run, name);
    if (elsewhere !== undefined) {
      // Enrolled by other means: which photos it was made of cannot be told, and sending them twice helps nobody.
      for (const { file } of fresh)
        run.report({ person: name, file, status: "already", identity_id: elsewhere });
      return;
    }
  }
  for (let start = 0; start < fresh.length; start += IMAGES_PER_JOB)
    await send(run, name, fresh.slice(start, start + IMAGES_PER_JOB));
}

/** Sends some photos as one job. When that fails, each goes alone, so that each gets its own verdict. */
async function send(run: Enrolment, name: string, photos: Photo[]): Promise<void> {
  const { client, journal, signal } = run;
  const { identityId } = journal.person(name);
  const hashes = photos.map(({ hash }) => hash);
  try {
    const images = await Promise.all(photos.map(({ file }) => openAsBlob(join(run.directory, name, file))));
    signal.throwIfAborted();
    journal.write({ event: "sending", person: name, photos: hashes, ...(identityId && { identityId }) });
    const job =
      identityId === undefined
        ? await client.identities.create(
            { images, externalId: name, metadata: { name }, ...inCollection(run) },
            { signal },
          )
        : await client.identities.addImages(identityId, { images }, { signal });
    journal.write({
      event: "sent",
      person: name,
      jobId: job.id,
      kind: identityId === undefined ? "enrol" : "add-images",
    });
    const state = await client.jobs.wait(job, { signal });
    const done = state.identityId ?? identityId!;
    journal.write({ event: "enrolled", person: name, photos: hashes, identityId: done });
    for (const [index, { file }] of photos.entries()) {
      const warnings = warningsOf(state, index + 1);
      run.report({
        person: name,
        file,
        status: "enrolled",
        identity_id: done,
        ...(warnings.length > 0 && { warnings }),
      });
    }
  } catch (error) {
    const reason = refusalOrThrow(error);
    journal.write({ event: "failed", person: name });
    if (photos.length === 1 || isOfAll(error)) {
      for (const { file } of photos) run.report({ person: name, file, status: "failed", reason });
      return;
    }
    for (const photo of photos) await send(run, name, [photo]);
  }
}

/** Whether the fault is not one photo's: a guard that rejects them together would let them pass one by one. */
const isOfAll = (error: unknown): boolean => isJobFailedError(error) && !/^image \d+:/.test(error.reason);

/** Of one photo of the job, from 1. */
function warningsOf({ detail }: JobState, image: number): string[] {
  if (detail?.kind !== "enrol" && detail?.kind !== "add-images") return [];
  return (detail.result?.warnings ?? [])
    .filter(({ images }) => images.includes(image))
    .map(({ message }) => message);
}

/** Finds out what became of a job that an earlier run had begun, so that nothing is enrolled twice. */
async function settle(run: Enrolment, person: string, open: OpenJob): Promise<void> {
  const { client, journal, signal } = run;
  try {
    const job = open.job ?? (await findJob(client, open, journal.person(person).jobs, signal));
    const done = job && (await client.jobs.wait(job, { signal }).catch(forgotten));
    const identityId = done && (done.identityId ?? open.identityId);
    // Killed before the id was heard, or resumed so late that the job is forgotten: a new identity is known by its external id.
    const found = identityId ?? (open.identityId === undefined ? await byExternalId(run, person) : undefined);
    if (found === undefined) journal.write({ event: "failed", person });
    else journal.write({ event: "enrolled", person, photos: open.photos, identityId: found });
  } catch (error) {
    refusalOrThrow(error);
    journal.write({ event: "failed", person });
  }
}

/** The job that an earlier run began without hearing its id, if the server has one. */
async function findJob(
  client: Client,
  { identityId, since }: OpenJob,
  heardOf: Set<string>,
  signal: AbortSignal,
): Promise<JobRef | undefined> {
  const kind = identityId === undefined ? "enrol" : "add-images";
  const newestFirst = everyPage((page) => client.jobs.list({ kind, signal, ...page }));
  const jobs: Job[] = [];
  for await (const job of newestFirst) {
    if (Date.parse(job.created_at) < since - CLOCK_SKEW_MS) break;
    if (!heardOf.has(job.job_id)) jobs.push(job);
  }
  if (identityId !== undefined) {
    const found = jobs.find((job) => job.identity_id === identityId);
    return found && { id: found.job_id, kind };
  }
  // A new identity shows its external id only when its job has ended, so those of that time are waited for.
  for (const { job_id: id, status } of jobs)
    if (!isFinalStatus(status))
      await client.jobs.wait({ id, kind }, { signal }).catch((error: unknown) => void refusalOrThrow(error));
  return undefined;
}

/** The server remembers ended jobs for some days only. */
function forgotten(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

const inCollection = ({ collection }: Enrolment) => (collection === undefined ? {} : { collection });

async function byExternalId(run: Enrolment, externalId: string): Promise<string | undefined> {
  const { client, signal } = run;
  const { items } = await client.identities.list({ externalId, limit: 1, signal, ...inCollection(run) });
  return items[0]?.identity_id;
}

async function exists(client: Client, identityId: string, signal: AbortSignal): Promise<boolean> {
  return client.identities.get(identityId, { signal }).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}

const isMissing = (error: unknown): boolean => isApiError(error) && error.status === 404;

function refusalOrThrow(error: unknown): string {
  const reason = refusal(error);
  if (reason === undefined) throw error;
  return reason;
}

/** Why these photos were not taken; undefined when the fault is not theirs and the run must end. */
function refusal(error: unknown): string | undefined {
  if (isJobFailedError(error)) return error.reason;
  if (isApiError(error) && [400, 404, 409, 413, 415, 422].includes(error.status)) return error.message;
  return undefined;
}
