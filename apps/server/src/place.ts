import {
  formatMark,
  guardPlace,
  parseMark,
  type BlobStore,
  type PlaceMark,
  type Storage,
} from "@prosopon/service";
import type { Logger } from "pino";
import { CommandError } from "./errors.ts";

/** With the data: the name of the place that the first node kept its images in. */
export const PLACE = "blob-place";

type Data = Pick<Storage, "secret" | "secrets" | "forgetSecrets" | "databaseId">;

export interface PlaceOptions {
  /** For messages. */
  where: string;
  /** Inside the data directory: nobody else's, whatever lies there. */
  own?: boolean;
  logger?: Logger | undefined;
}

/**
 * The store, once it is certain that its place is this database's and the database's only place; from then on it is away
 * while that is not so. Nodes of one database in different places would fail each other's jobs for want of their images; two
 * databases in one place would sweep away each other's.
 * @throws CommandError
 */
export async function settle(
  data: Data,
  blobs: BlobStore,
  { where, own = false, logger }: PlaceOptions,
): Promise<BlobStore> {
  const database = await data.databaseId();
  const known = await knownPlace(data);
  let mark = await readMark(blobs, where);
  if (!mark) {
    // Of earlier releases, which left no mark in a bucket: there the name says that it is the same place.
    if (known !== undefined && known !== blobs.mark.fresh()) throw missing(where);
    const isForeign = known === undefined && !own && !(await blobs.mark.isEmpty());
    if (!isForeign) await blobs.mark.write(formatMark({ place: blobs.mark.fresh(), database }));
    // Another node may have been faster.
    mark = await readMark(blobs, where);
    if (!mark) throw strange(where);
  }
  if (!mark.database && mark.place === known) {
    mark = { place: known, database };
    await blobs.mark.write(formatMark(mark), { replace: true });
  }
  if (mark.database?.id !== database.id) throw another(where, mark);
  const agreed = encode(await data.secret(PLACE, Buffer.from(mark.place, "base64url")));
  if (agreed !== mark.place) throw missing(where);
  return guardPlace(blobs, mark, {
    ...(logger && { logger }),
    ...(where.startsWith("s3:") && { freshMs: 5_000, unmounts: false }),
  });
}

/** Makes this place the database's, whosever it was before. @returns whose it was */
export async function adopt(data: Data, blobs: BlobStore, where: string): Promise<PlaceMark["database"]> {
  const before = await readMark(blobs, where).catch(() => undefined);
  const database = await data.databaseId();
  const place = before?.place ?? blobs.mark.fresh();
  await blobs.mark.write(formatMark({ place, database }), { replace: true });
  await data.forgetSecrets([PLACE]);
  await data.secret(PLACE, Buffer.from(place, "base64url"));
  return before?.database;
}

/** Of a data directory whose data were moved to this database: the place comes with them. @throws CommandError for another database's */
export async function inherit(data: Data, blobs: BlobStore, where: string): Promise<void> {
  const mark = await readMark(blobs, where);
  const { id } = await data.databaseId();
  if (mark?.database?.id === id) return;
  if (mark && isTaken(mark)) throw another(where, mark);
  await adopt(data, blobs, where);
}

/** Before anything is moved there. @throws CommandError for another database's */
export async function checkHeir(
  blobs: BlobStore,
  where: string,
  known: Uint8Array | undefined,
): Promise<void> {
  const mark = await readMark(blobs, where);
  if (mark && isTaken(mark) && !(known && encode(known) === mark.place)) throw another(where, mark);
}

const isTaken = ({ database }: PlaceMark): boolean =>
  database !== undefined && !database.id.startsWith("sqlite/");

/** Why images are not kept there; undefined when they are. For whoever only looks. */
export async function misplaced(
  place: Uint8Array,
  blobs: BlobStore,
  where: string,
): Promise<CommandError | undefined> {
  return (await readMark(blobs, where))?.place === encode(place) ? undefined : missing(where);
}

async function knownPlace(data: Data): Promise<string | undefined> {
  const found = (await data.secrets(PLACE)).find(({ name }) => name === PLACE);
  return found && encode(found.bytes);
}

async function readMark(blobs: BlobStore, where: string): Promise<PlaceMark | undefined> {
  const text = await blobs.mark.read();
  const mark = text === undefined ? undefined : parseMark(text);
  if (text !== undefined && !mark)
    throw new CommandError(
      `The mark prosopon-place in ${where} is damaged. Put it back from a backup or, once you are sure that the images there are this database's, create it again: ${ADOPT}`,
    );
  return mark;
}

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

const ADOPT = "prosopon blobs adopt, with the same options";

export const missing = (where: string): CommandError =>
  new CommandError(
    `This database's pending images are in another place than ${where}: another node, or this one before, began to keep them there; or the volume with them is not mounted. Give every node the same --blobs (PROSOPON_BLOBS): a directory that all of them see, or s3://bucket. If that place is gone for good, or its images were moved here, say so with no node running: ${ADOPT}; see docs/operations.md.`,
  );

const another = (where: string, { database }: PlaceMark): CommandError =>
  new CommandError(
    `${where} keeps the images of another database${database ? ` (${database.name})` : ""}, which may still be in use; this one may be a copy of it. Two databases in one place erase each other's images. Give this one a place of its own with --blobs (PROSOPON_BLOBS). If no node works on the other one any more, hand the place over: ${ADOPT}; see docs/operations.md.`,
  );

const strange = (where: string): CommandError =>
  new CommandError(
    `${where} is not empty and has no mark of ours (prosopon-place): what lies there is somebody else's. Give an empty place with --blobs (PROSOPON_BLOBS), such as a new directory or a prefix of its own in the bucket. If it is meant to be shared with what is there: ${ADOPT}.`,
  );
