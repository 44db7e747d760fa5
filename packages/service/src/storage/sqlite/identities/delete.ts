import { inSteps, nextTurn } from "../../../turns.ts";
import type { Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import type { FaceWriter } from "../faces.ts";
import type { ForgetIdentity } from "../jobs/forget.ts";
import type { ForgetMentions } from "../jobs/mentions.ts";
import { blobInUse } from "../uploads.ts";

/** Identities of one transaction, some 10 ms. What is more goes in several, and one that another call deletes meanwhile counts as deleted. */
const STEP = 100;
/** Faces erased in one step. */
const MAX_FACES = 200;

export function createDelete(
  { db, accountRow, transaction }: Context,
  faces: FaceWriter,
  { forget, forgetEnded }: ForgetIdentity,
  forgetMentions: ForgetMentions,
): Storage["identities"]["delete"] {
  const rowOf = db
    .prepare<[string, number, string | null, string | null], number>(
      `SELECT row FROM identities WHERE id = ? AND account = ?
         AND (? IS NULL OR collection = (SELECT row FROM collections WHERE id = ? AND deleted_at IS NULL))`,
    )
    .pluck();
  // faces_identity
  const slotsOf = db
    .prepare<[number, number], number>("SELECT slot FROM faces WHERE identity = ? LIMIT ?")
    .pluck();
  const drop = db.prepare("DELETE FROM identities WHERE row = ?");
  const inUse = blobInUse(db);

  interface Found {
    id: string;
    row: number;
    account: number;
  }

  /** Steps that take most of it out before: in a small gallery every search of a week names everyone. */
  async function prepare(identity: Found): Promise<void> {
    await inSteps(() => transaction(() => forgetMentions(identity)));
    let last = 0;
    await inSteps(() => (last = transaction(() => forgetEnded(identity, last))) > 0);
    await inSteps(() =>
      transaction(() => {
        const slots = slotsOf.all(identity.row, MAX_FACES + 1);
        if (slots.length > MAX_FACES) faces.erase(slots.slice(1));
        return slots.length > MAX_FACES;
      }),
    );
  }

  /** Inside a transaction. */
  function erase(identities: Found[], now: number): string[] {
    const freed = new Set<string>();
    for (const identity of identities) {
      faces.erase(slotsOf.all(identity.row, -1));
      for (const blobId of forget(identity, now)) freed.add(blobId);
      drop.run(identity.row);
    }
    return [...freed].filter((blobId) => !inUse(blobId));
  }

  return async (accountId, identityIds, now, collectionId) => {
    const account = accountRow(accountId) ?? -1;
    const within = collectionId ?? null;
    const wanted = [...new Set(identityIds)];
    const find = (ids: string[]) =>
      ids.flatMap((id): Found[] => {
        const row = rowOf.get(id, account, within, within);
        return row === undefined ? [] : [{ id, row, account }];
      });
    const missing = (found: Found[]) => {
      const there = new Set(found.map(({ id }) => id));
      return wanted.filter((id) => !there.has(id));
    };
    const there = find(wanted);
    if (there.length < wanted.length) return { deleted: false, missing: missing(there), blobIds: [] };
    for (const [index, identity] of there.entries()) {
      if (index % STEP === STEP - 1) await nextTurn();
      await prepare(identity);
    }
    if (wanted.length <= STEP)
      return transaction(() => {
        const found = find(wanted);
        if (found.length < wanted.length) return { deleted: false, missing: missing(found), blobIds: [] };
        return { deleted: true, missing: [], blobIds: erase(found, now) };
      });
    const freed = new Set<string>();
    let at = 0;
    await inSteps(() => {
      for (const blobId of transaction(() => erase(find(wanted.slice(at, at + STEP)), now)))
        freed.add(blobId);
      at += STEP;
      return at < wanted.length;
    });
    return { deleted: true, missing: [], blobIds: [...freed] };
  };
}
