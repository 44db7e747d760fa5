import { type Banks, Slab } from "../../../gallery/slab.ts";
import type { Context } from "../context.ts";
import { fromSent } from "../vector.ts";

/** Faces read at once. */
const PAGE = 5_000;

interface Stored {
  slot: number;
  identity: number;
  sent: Buffer;
}

/** A gallery in this node's memory, as of one of its numbered changes. */
export interface Held {
  readonly slab: Slab;
  /** Applies what was committed until now. False when the changes in between are no longer kept, or the gallery is gone: load again. */
  catchUp(): Promise<boolean>;
}

/** Reads all of its faces in one snapshot, together with the number of the change that it includes. */
export async function loadGallery(
  { read, transaction }: Context,
  banks: Banks,
  gallery: number,
): Promise<Held> {
  const slab = new Slab(banks);
  let seq = 0;
  try {
    await transaction(async ({ query }) => {
      slab.clear();
      await query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
      const [head] = await query<{ seq: number }>("SELECT seq FROM galleries WHERE row = $1", [gallery]);
      seq = head?.seq ?? 0;
      await query(
        `DECLARE faces CURSOR FOR SELECT slot, identity, vector_send(embedding) AS sent FROM vectors WHERE gallery = ${gallery}`,
      );
      for (;;) {
        const faces = await query<Stored>(`FETCH ${PAGE} FROM faces`);
        for (const { slot, identity, sent } of faces) slab.add({ slot, identity }, fromSent(sent));
        if (faces.length < PAGE) return;
      }
    });
  } catch (error) {
    slab.clear();
    throw error;
  }

  /** True when there may be more. */
  async function step(): Promise<boolean | "pruned"> {
    // The key of gallery_changes. A face that came and went since has no vector any more: its going follows.
    const changes = await read<{
      pruned: number;
      seq: number | null;
      slot: number;
      identity: number;
      gone: boolean;
      sent: Buffer | null;
    }>(
      `SELECT h.pruned, c.seq, c.slot, c.identity, c.gone, vector_send(v.embedding) AS sent
       FROM galleries h LEFT JOIN LATERAL (
         SELECT * FROM gallery_changes c WHERE c.gallery = h.row AND c.seq > $2 ORDER BY c.seq LIMIT ${PAGE}) c ON true
       LEFT JOIN vectors v ON v.slot = c.slot AND v.recogniser = h.recogniser AND NOT c.gone
       WHERE h.row = $1 ORDER BY c.seq`,
      [gallery, seq],
    );
    // No row: the gallery has been deleted.
    if ((changes[0]?.pruned ?? Infinity) > seq) return "pruned";
    const gone: number[] = [];
    for (const change of changes) {
      if (change.seq === null) break;
      if (change.gone) gone.push(change.slot);
      else if (change.sent) slab.add(change, fromSent(change.sent));
      seq = change.seq;
    }
    // Slots are never used again, so what went may go after what came.
    if (gone.length > 0) slab.remove(gone);
    return changes.length === PAGE;
  }

  let last: Promise<boolean> = Promise.resolve(true);
  return {
    slab,
    catchUp() {
      // One after the other: each sees all that was committed before it was asked for.
      last = last
        .catch(() => true)
        .then(async () => {
          for (;;) {
            const more = await step();
            if (more === "pruned") return false;
            if (!more) return true;
          }
        });
      return last;
    },
  };
}
