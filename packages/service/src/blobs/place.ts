import type { Logger } from "pino";
import { BlobsAwayError, type BlobStore } from "./types.ts";

/** What the mark of a place says. */
export interface PlaceMark {
  /** Of the place, whoever has it: base64url of 24 bytes. The database keeps it too. */
  place: string;
  /** The database that it belongs to; undefined in marks of earlier releases. */
  database?: { id: string; name: string };
}

const PLACE = /^[A-Za-z0-9_-]{32}$/;

export function formatMark({ place, database }: PlaceMark): string {
  return `${JSON.stringify({ place, ...(database && { database }) }, undefined, 1)}\n`;
}

/** Undefined for what is no mark of ours. */
export function parseMark(text: string): PlaceMark | undefined {
  if (PLACE.test(text.trim())) return { place: text.trim() };
  try {
    const { place, database } = JSON.parse(text) as Partial<PlaceMark>;
    if (typeof place !== "string" || !PLACE.test(place)) return undefined;
    if (typeof database?.id !== "string" || typeof database.name !== "string") return { place };
    return { place, database: { id: database.id, name: database.name } };
  } catch {
    return undefined;
  }
}

export interface GuardOptions {
  logger?: Logger;
  /** How long the place is taken to be there without another look, ms. Default 1,000. */
  freshMs?: number;
  /** Whether another place may take its place unseen, as below a mount point: then none is acknowledged without a look. Default true. */
  unmounts?: boolean;
}

/**
 * The store while its place has this mark. An unmounted volume looks like an empty directory, and an image that is not there
 * like one that was lost: so nothing is said to be missing, kept, or erased before the mark has been seen.
 */
export function guardPlace(
  store: BlobStore,
  { place, database }: PlaceMark,
  { logger, freshMs = 1_000, unmounts = true }: GuardOptions = {},
): BlobStore {
  let seen = -Infinity;
  let looking: Promise<void> | undefined;
  let isAway = false;

  async function look(): Promise<void> {
    const found = await store.mark.read();
    const mark = found === undefined ? undefined : parseMark(found);
    if (mark?.place !== place)
      throw away(
        `the place of the images ${mark ? "has another mark than before" : "is not there, or has lost its mark prosopon-place"}: its volume may not be mounted`,
      );
    if (mark.database?.id !== database?.id)
      throw away("the place of the images was handed over to another database");
    await store.present();
  }

  /** All who ask meanwhile share one look. */
  async function check(): Promise<void> {
    looking ??= outage(look)
      .then(
        () => {
          seen = performance.now();
          if (isAway) logger?.info("the place of the images is back");
          isAway = false;
        },
        (error: unknown) => {
          seen = -Infinity;
          if (!isAway)
            logger?.error(
              { err: error },
              "the place of the images is away: no job is tried, and none fails for it",
            );
          isAway = true;
          throw error;
        },
      )
      .finally(() => (looking = undefined));
    return looking;
  }

  /** A look that begins now: one under way may have seen the mark before what was just met. */
  async function checkAnew(): Promise<void> {
    await looking?.catch(() => {});
    await check();
  }

  const present = async () => {
    if (performance.now() - seen > freshMs) await check();
  };

  /** What fails is looked after next time, whenever the last look was. */
  async function doing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await outage(work);
    } catch (error) {
      if (error instanceof BlobsAwayError) seen = -Infinity;
      throw error;
    }
  }

  return {
    ...store,
    present,
    async put(data, options) {
      await present();
      const stored = await doing(() => store.put(data, options));
      // What was taken away before it was written lies elsewhere, such as on the disk below a mount point.
      if (unmounts && options.durable !== false)
        await checkAnew().catch(async (error: unknown) => {
          await store.delete([stored.blobId]).catch(() => {});
          throw error;
        });
      return stored;
    },
    async flush(blobIds) {
      await present();
      await doing(() => store.flush(blobIds));
      if (unmounts) await checkAnew();
    },
    async open(blobId) {
      const file = await doing(() => store.open(blobId));
      if (!file) await checkAnew();
      return file;
    },
    async delete(blobIds) {
      if (blobIds.length === 0) return;
      await present();
      await doing(() => store.delete(blobIds));
    },
    async list(before) {
      await check();
      return doing(() => store.list(before));
    },
  };
}

/** Of a file system; a full one is another matter, and a sender's broken connection is nobody's fault here. */
const FAILING =
  /^(EIO|ESTALE|EROFS|EACCES|EPERM|ENOENT|ENOTDIR|ENODEV|ENXIO|ENOTCONN|EHOSTDOWN|EHOSTUNREACH|ETIMEDOUT|EMFILE|ENFILE)$/;

/** A disk or network mount that fails is away like one that is gone. */
async function outage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined || code === undefined || !FAILING.test(code)) throw error;
    throw away(`the place of the images cannot be used (${code})`, error);
  }
}

const away = (publicly: string, cause?: unknown): BlobsAwayError =>
  new BlobsAwayError(publicly, { publicly, ...(cause !== undefined && { cause }) });
