import { realpath } from "node:fs/promises";
import type { Client } from "@prosopon/core";
import { DEFAULT_COLLECTION } from "@prosopon/core/contract";
import type { Values } from "../config.ts";
import { connect, type ConnectOptions } from "../connect.ts";
import { printError, printJson, printLine, printTable } from "../print.ts";
import { createProgress } from "../progress.ts";
import { stopSignal } from "../signals.ts";
import { stateDirectory } from "../state-directory.ts";
import { visible } from "../visible.ts";
import { openJournal } from "./journal.ts";
import { readPeople, type Person } from "./people.ts";
import { enrolPerson, type Enrolment, type FileReport } from "./person.ts";

export type EnrolOptions = ConnectOptions & Values<"collection" | "concurrency" | "state" | "json">;

/** Enrols a folder of people. Returns the exit code: 1 when a photo failed or the run was cut short. */
export async function enrol(folder: string, options: EnrolOptions): Promise<number> {
  const { people, ignored } = await readPeople(folder);
  const stop = stopSignal();
  const { client, name, close } = await connect(options, { create: true });
  const progress = createProgress(people.reduce((sum, { files }) => sum + files.length, 0));
  const reports: FileReport[] = [];
  try {
    const directory = await realpath(folder);
    const collection = await collectionId(client, options.collection);
    const run: Enrolment = {
      client,
      journal: openJournal(options.state ?? stateDirectory(), placeOf(name, collection), directory),
      directory,
      ...(collection !== undefined && { collection }),
      signal: stop,
      report(file) {
        reports.push(file);
        progress.step(`${file.person}/${file.file}`);
      },
    };
    await inParallel(people, options.concurrency, stop, (person) => enrolPerson(run, person)).catch(
      (error: unknown) => {
        progress.end();
        printError("Interrupted. Run the same command again to resume where this one stopped.");
        if (!stop.aborted) throw error;
      },
    );
  } finally {
    progress.end();
    await close();
  }
  show(people, reports, ignored, options);
  return stop.aborted || reports.some(({ status }) => status === "failed") ? 1 : 0;
}

/** Its name may be changed, or become another collection's; undefined for the account's `default`, which stays what it is. @throws ApiError 404 */
async function collectionId(client: Client, idOrName: string | undefined): Promise<string | undefined> {
  if (idOrName === undefined) return undefined;
  const { name, collection_id } = await client.collections.get(idOrName);
  return name === DEFAULT_COLLECTION ? undefined : collection_id;
}

/** The same people in another collection are others. */
const placeOf = (name: string, collection: string | undefined): string =>
  collection === undefined ? name : `${name} ${collection}`;

/** The first failure stops the others before their next person. */
async function inParallel(
  people: Person[],
  concurrency: number,
  stop: AbortSignal,
  work: (person: Person) => Promise<void>,
): Promise<void> {
  const queue = people.values();
  let broken = false;
  const worker = async () => {
    for (const person of queue) {
      if (broken || stop.aborted) return;
      await work(person).catch((error: unknown) => {
        broken = true;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: concurrency }, worker));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

function show(people: Person[], reports: FileReport[], ignored: string[], { json }: EnrolOptions): void {
  const files = reports.toSorted((a, b) => a.person.localeCompare(b.person) || a.file.localeCompare(b.file));
  const count = (status: FileReport["status"]) => files.filter((file) => file.status === status).length;
  const enrolled = new Set(files.filter(({ status }) => status !== "failed").map(({ person }) => person));
  const summary = {
    people: people.length,
    enrolled: count("enrolled"),
    already: count("already"),
    failed: count("failed"),
    warned: files.filter(({ warnings }) => warnings !== undefined).length,
    ignored: ignored.length,
  };
  if (json) return printJson({ ...summary, files, ignored_files: ignored });

  const failed = files.filter(({ status }) => status === "failed");
  if (files.length > 0)
    printTable(
      files.map(({ person, file, status, reason, identity_id, warnings }) => ({
        person,
        file,
        result: status === "already" ? "enrolled before" : warnings ? "enrolled, with a warning" : status,
        detail: reason ?? warnings?.join("; ") ?? identity_id,
      })),
    );
  for (const file of ignored)
    printLine(`ignored: ${visible(file)} (no .jpg, .jpeg or .png in a person's folder)`);
  printLine(
    `\n${enrolled.size} of ${people.length} people are enrolled; photos: ${summary.enrolled} enrolled now, ${summary.already} before, ${failed.length} failed${summary.warned > 0 ? `, ${summary.warned} with a warning` : ""}.`,
  );
}
