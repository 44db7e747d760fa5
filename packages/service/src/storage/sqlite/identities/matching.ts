import { exactProduct } from "../../../gallery/quantise.ts";
import type { Neighbour, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { checkEmbedding, fromBytes } from "../../embedding.ts";

export function createMatching({
  db,
  gallery,
  accountRow,
}: Context): Pick<Storage["identities"], "nearest" | "compare"> {
  const names = db.prepare<[number, number], { identityId: string; faceId: string }>(
    `SELECT i.id AS identityId, f.id AS faceId FROM faces f JOIN identities i ON i.row = f.identity
     WHERE f.slot = ? AND f.identity = ?`,
  );
  // faces_identity
  const facesOf = db.prepare<[string, number], { faceId: string; embedding: Uint8Array }>(
    `SELECT f.id AS faceId, v.embedding FROM identities i JOIN faces f ON f.identity = i.row JOIN vectors v ON v.slot = f.slot
     WHERE i.id = ? AND i.account = ? ORDER BY f.slot`,
  );

  return {
    async nearest(accountId, probe, k) {
      checkEmbedding(probe);
      const account = accountRow(accountId);
      if (account === undefined) return [];
      const nearest = await gallery.nearest(account, probe, k);
      // One deleted since the scan has no name any more, and is left out.
      return nearest.flatMap(({ slot, identity, product }): Neighbour[] => {
        const name = names.get(slot, identity);
        return name ? [{ ...name, cosine: clamp(product) }] : [];
      });
    },
    async compare(accountId, identityId, probe) {
      checkEmbedding(probe);
      let best: Neighbour | undefined;
      for (const { faceId, embedding } of facesOf.all(identityId, accountRow(accountId) ?? -1)) {
        const cosine = clamp(exactProduct(fromBytes(embedding), probe));
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
