import { createHash } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDirectory, whyUnusable } from "@prosopon/service";
import * as v from "valibot";
import { CommandError } from "../errors.ts";

/** SHA-256 of photos, hex. The journal holds no image, no embedding and no secret. */
const photos = v.array(v.string());
const at = v.number();

const Entry = v.variant("event", [
  /** Written before the photos are sent: what a killed run may have left behind. */
  v.object({
    event: v.literal("sending"),
    person: v.string(),
    photos,
    identityId: v.optional(v.string()),
    at,
  }),
  v.object({
    event: v.literal("sent"),
    person: v.string(),
    jobId: v.string(),
    kind: v.picklist(["enrol", "add-images"]),
    at,
  }),
  v.object({ event: v.literal("enrolled"), person: v.string(), photos, identityId: v.string(), at }),
  v.object({ event: v.literal("failed"), person: v.string(), at }),
  /** The identity is gone from the server: its photos count as new again. */
  v.object({ event: v.literal("forgotten"), person: v.string(), at }),
]);
type Entry = v.InferOutput<typeof Entry>;

/** What was under way for a person when the last line was written. */
export interface OpenJob {
  photos: string[];
  /** Where the photos go; absent for a new identity. */
  identityId?: string | undefined;
  job?: { id: string; kind: "enrol" | "add-images" };
  /** ms since the epoch */
  since: number;
}

interface PersonRecord {
  identityId?: string;
  enrolled: Set<string>;
  /** Every job whose id was heard. */
  jobs: Set<string>;
  open?: OpenJob;
}

type Told = Entry extends infer E ? (E extends Entry ? Omit<E, "at"> : never) : never;

export interface Journal {
  person(name: string): PersonRecord;
  /** In the file before it returns, so that it outlives the process. */
  write(entry: Told): void;
}

/** One file per folder and place (the account, and the collection in it), in JSON lines that are only ever appended. @throws CommandError */
export function openJournal(state: string, place: string, directory: string): Journal {
  prepareDirectory(state);
  const key = createHash("sha256").update(`${place}\n${directory}`).digest("hex").slice(0, 16);
  const file = join(state, `enrol-${key}.jsonl`);
  const records = new Map<string, PersonRecord>();
  for (const entry of readEntries(file)) apply(records, entry);
  return {
    person: (name) => recordOf(records, name),
    write(told) {
      const entry: Entry = { ...told, at: Date.now() };
      appendFileSync(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
      apply(records, entry);
    },
  };
}

function prepareDirectory(state: string): void {
  try {
    ensureDirectory(state);
  } catch (error) {
    throw new CommandError(
      `The journal of this run cannot be kept in ${state}: ${whyUnusable(error)}. Choose another directory with --state or PROSOPON_STATE.`,
      { cause: error },
    );
  }
}

/** A line that a kill cut short is passed over; what it told is found out from the server. */
function readEntries(file: string): Entry[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  // The newline comes first for the entry after a cut line: it would else continue that line.
  if (text !== "" && !text.endsWith("\n")) appendFileSync(file, "\n");
  return text.split("\n").flatMap((line) => {
    try {
      const { success, output } = v.safeParse(Entry, JSON.parse(line));
      return success ? [output] : [];
    } catch {
      return [];
    }
  });
}

function recordOf(records: Map<string, PersonRecord>, name: string): PersonRecord {
  let record = records.get(name);
  if (!record) records.set(name, (record = { enrolled: new Set(), jobs: new Set() }));
  return record;
}

function apply(records: Map<string, PersonRecord>, entry: Entry): void {
  const record = recordOf(records, entry.person);
  switch (entry.event) {
    case "sending":
      record.open = { photos: entry.photos, identityId: entry.identityId, since: entry.at };
      break;
    case "sent":
      record.jobs.add(entry.jobId);
      if (record.open) record.open.job = { id: entry.jobId, kind: entry.kind };
      break;
    case "enrolled":
      record.identityId = entry.identityId;
      for (const photo of entry.photos) record.enrolled.add(photo);
      delete record.open;
      break;
    case "failed":
      delete record.open;
      break;
    case "forgotten":
      delete record.open;
      delete record.identityId;
      record.enrolled.clear();
  }
}
