import type { Audit, ImagesFound, JobFound } from "./audit.ts";
import type { Attempt, Sight } from "./sender.ts";
import type { Stream } from "./streams.ts";

/** What was asked, what was told, and what there is. */
export interface Records {
  attempts: Attempt[];
  sights: Sight[];
  streams: Stream[];
  audit: Audit;
  /** After the sweep that came last. */
  swept: ImagesFound;
}

/** Every number that must be 0, with examples of what was found. */
export interface Breach {
  what: string;
  count: number;
  examples: string[];
}

/** Words of the enrolment that came second: legal where an attempt without an answer had been carried out. */
const TAKEN = /external id of this enrolment already belongs/;
/** Words of a job that was given up because every try ended with its process. */
const GIVEN_UP = /^Given up after \d+ attempts/;

export const isFinal = (status: string): boolean => status === "Succeeded" || status === "Failed";

/** Why a job ended Failed. Everything but the first is illegal here: every picture shows a face. */
export function failureOf(
  job: JobFound,
  attemptsOf: Map<string, Attempt[]>,
): "repeated" | "given up" | "other" {
  const others =
    job.tag === null ? [] : (attemptsOf.get(job.tag) ?? []).filter(({ jobId }) => jobId !== job.id);
  if (TAKEN.test(job.error ?? "") && others.length > 0) return "repeated";
  return GIVEN_UP.test(job.error ?? "") ? "given up" : "other";
}

export function byTag(attempts: Attempt[]): Map<string, Attempt[]> {
  return Map.groupBy(attempts, ({ tag }) => tag);
}

export function findBreaches({ attempts, sights, streams, audit, swept }: Records): Breach[] {
  const found = new Map(audit.jobs.map((job) => [job.id, job]));
  const acknowledged = attempts.flatMap(({ jobId }) => jobId ?? []);
  const tags = byTag(attempts);

  return [
    breach(
      "acknowledged jobs lost",
      acknowledged.filter((id) => !found.has(id)),
    ),
    breach(
      "jobs that did not end",
      audit.jobs.filter(({ status }) => !isFinal(status)).map(({ id, status }) => `${id} ${status}`),
    ),
    breach(
      "jobs that ended twice, or told more after their end",
      audit.jobs
        .filter(({ status, finals, toldAfterEnd }) => isFinal(status) && (finals !== 1 || toldAfterEnd))
        .map(({ id }) => id),
    ),
    breach(
      "jobs that failed without a legal reason",
      audit.jobs
        .filter((job) => job.status === "Failed" && failureOf(job, tags) === "other")
        .map(({ id, error }) => `${id} ${error}`),
    ),
    breach("people with two identities", twins(sights, audit)),
    breach("people acknowledged without an identity", unborn(tags, audit, found)),
    breach("identities that no enrolment made, or with other faces", strays(audit)),
    breach("accounts with gaps in their events", audit.gaps),
    { what: "faces, vectors and counts that do not match", count: audit.galleryFaults, examples: [] },
    breach(
      "watches that missed the final state",
      sights.flatMap((sight) => missed(sight, found)),
    ),
    breach("watches told out of order or twice", sights.flatMap(disorder)),
    breach(
      "account streams that missed an event or ended",
      streams.flatMap((each) => lacking(each, audit)),
    ),
    breach("account streams told out of order or twice", streams.flatMap(unordered)),
    breach("images left that no job needs, after a sweep", swept.unneeded),
    breach("images lost that a job needs", [...audit.images.missing, ...swept.missing]),
  ];
}

function breach(what: string, examples: string[]): Breach {
  return { what, count: examples.length, examples: examples.slice(0, 5) };
}

function givenUp({ jobId }: Attempt, found: Map<string, JobFound>): boolean {
  return GIVEN_UP.test((jobId !== undefined && found.get(jobId)?.error) || "");
}

/**
 * One enrolment, one identity: by the external ids, by what each job's subscribers and the database name as whom it enrolled,
 * and, whatever names them, by the number of identities in the account.
 */
function twins(sights: Sight[], { identities, jobs }: Audit): string[] {
  const named = Map.groupBy(
    identities.filter(({ tag }) => tag !== null),
    ({ account, tag }) => `${account} ${tag}`,
  );
  const told = new Map(sights.flatMap(({ jobId, identityIds = [] }) => [[jobId, identityIds] as const]));
  const enrolments = jobs.filter(({ kind, status }) => kind === "enrol" && status === "Succeeded");
  const perAccount = Map.groupBy(enrolments, ({ account }) => account);
  return [
    ...[...named].filter(([, all]) => all.length > 1).map(([name]) => name),
    ...enrolments
      .filter(({ id, identityId }) => new Set([identityId, ...(told.get(id) ?? [])]).size > 1)
      .map(({ id, identityId }) => `${id}: ${identityId}, told ${told.get(id)!.join(" ")}`),
    ...[...Map.groupBy(identities, ({ account }) => account)].flatMap(([account, all]) => {
      const made = perAccount.get(account)?.length ?? 0;
      return Array.from(
        { length: Math.max(0, all.length - made) },
        () => `${account}: ${all.length} identities of ${made} enrolments`,
      );
    }),
  ];
}

/** Of the people whose enrolment was acknowledged. */
function unborn(tags: Map<string, Attempt[]>, audit: Audit, found: Map<string, JobFound>): string[] {
  const externalIds = new Set(audit.identities.map(({ tag }) => tag));
  const ids = new Set<string | null>(audit.identities.map(({ id }) => id));
  return [...tags].flatMap(([tag, all]) => {
    const acknowledged = all.filter(({ kind, jobId }) => kind === "enrol" && jobId !== undefined);
    if (acknowledged.length === 0 || all.some((each) => givenUp(each, found))) return [];
    const there = all[0]!.named
      ? externalIds.has(tag)
      : acknowledged.every(({ jobId }) => ids.has(found.get(jobId!)?.identityId ?? null));
    return there ? [] : [`${tag} of job ${acknowledged.map(({ jobId }) => jobId).join(" ")}`];
  });
}

/** Whom not exactly one enrolment made, or without the one face that it gave. */
function strays({ identities, jobs }: Audit): string[] {
  const made = Map.groupBy(
    jobs.filter(({ kind, status }) => kind === "enrol" && status === "Succeeded"),
    ({ identityId }) => identityId,
  );
  return identities
    .filter(({ id, faces }) => made.get(id)?.length !== 1 || faces !== 1)
    .map(({ id, faces }) => `${id}: ${made.get(id)?.length ?? 0} enrolments, ${faces} faces`);
}

function missed(
  { jobId, by, statuses, identityIds, failure }: Sight,
  found: Map<string, JobFound>,
): string[] {
  const last = statuses.at(-1);
  const real = found.get(jobId)?.status;
  const nobody = identityIds?.length === 0 && last === "Succeeded";
  if (failure === undefined && last === real && last !== undefined && isFinal(last) && !nobody) return [];
  return [
    `${by} ${jobId}: ${statuses.join(" ")} ${failure ?? (nobody ? "without an identity" : "")}, really ${real}`,
  ];
}

/** Sent, Started, final: some may be left out, none comes again. */
function disorder({ jobId, by, statuses }: Sight): string[] {
  const rank = (status: string): number => (isFinal(status) ? 2 : ["Sent", "Started"].indexOf(status));
  const right = statuses.every(
    (status, i) => rank(status) >= 0 && (i === 0 || rank(status) > rank(statuses[i - 1]!)),
  );
  return right ? [] : [`${by} ${jobId}: ${statuses.join(" ")}`];
}

function lacking({ account, by, told, failure }: Stream, audit: Audit): string[] {
  if (failure) return [`${by} of ${account}: ${failure}`];
  const seen = new Set(told.map(({ seq, jobId, status }) => `${seq} ${jobId} ${status}`));
  return (audit.events.get(account) ?? [])
    .filter(({ seq, jobId, status }) => !seen.has(`${seq} ${jobId} ${status}`))
    .slice(0, 1)
    .map(({ seq }) => `${by} of ${account}: event ${seq}`);
}

function unordered({ account, by, told }: Stream): string[] {
  const at = told.findIndex(({ seq }, i) => i > 0 && seq <= told[i - 1]!.seq);
  return at < 0 ? [] : [`${by} of ${account}: ${told[at]!.seq} after ${told[at - 1]!.seq}`];
}
