import type { Neighbour } from "../../types.ts";
import type { Context } from "../context.ts";
import { clamp, type Ranked } from "./rank.ts";

/** Ids for rows. One deleted since the search has no name any more, and is left out. */
export async function named({ read }: Context, best: readonly Ranked[]): Promise<Neighbour[]> {
  const names = await read<{ slot: number; face_id: string; identity_id: string }>(
    "SELECT f.slot, f.id AS face_id, i.id AS identity_id FROM faces f JOIN identities i ON i.row = f.identity WHERE f.slot = ANY ($1::bigint[])",
    [best.map(({ slot }) => slot)],
  );
  const bySlot = new Map(names.map((name) => [name.slot, name]));
  return best.flatMap(({ slot, value }) => {
    const name = bySlot.get(slot);
    return name ? [{ identityId: name.identity_id, faceId: name.face_id, cosine: clamp(value) }] : [];
  });
}
