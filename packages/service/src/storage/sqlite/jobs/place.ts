import type { JobPayload } from "../../types.ts";
import type { Context } from "../context.ts";
import { IDENTITIES } from "../identities/record.ts";

/** Among whose people a job works, or what it names and is not there. */
export interface Place {
  /** Its row; null for a job that compares with nobody. */
  collection: number | null;
  /** The job as it is remembered: one about an identity is in that one's collection, whether or not it names it. */
  payload: JobPayload;
  gone?: "collection" | "identity";
}

/** Inside a transaction. @param account its row */
export type PlaceOf = (accountId: string, account: number, payload: JobPayload) => Place;

export function createPlaceOf({ db, collectionRow }: Context): PlaceOf {
  const identity = db.prepare<[string, number], { row: number; id: string }>(
    `SELECT c.row, c.id FROM ${IDENTITIES} WHERE i.id = ? AND i.account = ?`,
  );

  return (accountId, account, payload) => {
    const { collectionId, identityId } = payload;
    const named = collectionId === undefined ? undefined : collectionRow({ accountId, collectionId });
    if (collectionId !== undefined && named === undefined)
      return { collection: null, payload, gone: "collection" };
    if (identityId === undefined) return { collection: named ?? null, payload };
    const own = identity.get(identityId, account);
    if (own === undefined || own.row !== (named ?? own.row))
      return { collection: named ?? null, payload, gone: "identity" };
    return { collection: own.row, payload: { ...payload, collectionId: own.id } };
  };
}
