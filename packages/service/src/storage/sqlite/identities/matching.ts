import { exactProduct } from "../../../gallery/quantise.ts";
import { checkEmbedding, fromBytes } from "../../embedding.ts";
import type { Neighbour, Storage } from "../../types.ts";
import type { Context } from "../context.ts";

export function createMatching({
  db,
  gallery,
  accountRow,
  collectionRow,
  recognisers,
}: Context): Pick<Storage["identities"], "nearest" | "compare"> {
  const galleryRow = db
    .prepare<[number, number], number>("SELECT row FROM galleries WHERE collection = ? AND recogniser = ?")
    .pluck();
  const names = db.prepare<[number, number], { identityId: string; faceId: string }>(
    `SELECT i.id AS identityId, f.id AS faceId FROM faces f JOIN identities i ON i.row = f.identity
     WHERE f.slot = ? AND f.identity = ?`,
  );
  // faces_identity
  const facesOf = db.prepare<[string, number, number], { faceId: string; embedding: Uint8Array }>(
    `SELECT f.id AS faceId, v.embedding FROM identities i JOIN collections c ON c.row = i.collection AND c.deleted_at IS NULL
     JOIN faces f ON f.identity = i.row JOIN vectors v ON v.slot = f.slot
     WHERE i.id = ? AND i.account = ? AND v.recogniser = ? ORDER BY f.slot`,
  );

  return {
    async nearest(key, probe, k) {
      const recogniser = recognisers.get(probe.recogniser);
      checkEmbedding(probe, recogniser);
      const collection = collectionRow(key);
      const row = collection === undefined ? undefined : galleryRow.get(collection, recogniser.row);
      if (row === undefined) return [];
      const nearest = await gallery.nearest(row, probe.values, k);
      // One deleted since the scan has no name any more, and is left out.
      return nearest.flatMap(({ slot, identity, product }): Neighbour[] => {
        const name = names.get(slot, identity);
        return name ? [{ ...name, cosine: clamp(product) }] : [];
      });
    },
    async compare(accountId, identityId, probe) {
      const recogniser = recognisers.get(probe.recogniser);
      checkEmbedding(probe, recogniser);
      let best: Neighbour | undefined;
      const faces = facesOf.all(identityId, accountRow(accountId) ?? -1, recogniser.row);
      for (const { faceId, embedding } of faces) {
        const cosine = clamp(exactProduct(fromBytes(embedding), probe.values));
        if (!best || cosine > best.cosine) best = { identityId, faceId, cosine };
      }
      return best;
    },
  };
}

/** Vectors normalised in float32 can multiply to 1.0000001. */
function clamp(product: number): number {
  return Math.max(-1, Math.min(1, product));
}
