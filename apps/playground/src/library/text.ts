import type { JobKind } from "@prosopon/react-hooks";
interface Named {
  name?: string | null;
  externalId?: string | null;
  identityId: string;
}

/** What a person is called where no better is known. */
export function nameOf({ name, externalId, identityId }: Named): string {
  return name || externalId || `Person ${identityId.slice(-6)}`;
}

export function initialsOf(person: Named): string {
  const words = nameOf(person)
    .trim()
    .split(/[\s._-]+/u)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => Array.from(word ?? "")[0] ?? "")
    .join("")
    .toUpperCase();
}

export function count(many: number, one: string, more = `${one}s`): string {
  return `${many} ${many === 1 ? one : more}`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Three digits: 0.95 and 0.953 are different answers. */
export function score(value: number): string {
  return value.toFixed(3);
}

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function moment(iso: string | null | undefined): string {
  return iso ? clock.format(new Date(iso)) : "–";
}

const exact = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export function timeOf(iso: string | null | undefined): string | undefined {
  return iso ? exact.format(new Date(iso)) : undefined;
}

/** Between two instants, e.g. "420 ms" or "2.14 s". */
export function span(from: string | null | undefined, to: string | null | undefined): string | undefined {
  if (!from || !to) return undefined;
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  if (seconds < 0) return undefined;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  return seconds < 10 ? `${seconds.toFixed(2)} s` : `${Math.round(seconds)} s`;
}

export const kinds = {
  ENROL: "Enrolment",
  ADD_IMAGES: "More photos",
  SEARCH: "Search",
  RECOGNIZE: "Recognition",
  DETECT: "Detection",
  COMPARE: "Comparison",
  IDENTIFY: "Identification",
} as const satisfies Record<JobKind, string>;

export const statuses = {
  SENT: "Sent",
  STARTED: "Started",
  SUCCEEDED: "Succeeded",
  FAILED: "Failed",
  RETRIED: "Retried",
  REVOKED: "Revoked",
  UNKNOWN: "Unknown",
} as const;
