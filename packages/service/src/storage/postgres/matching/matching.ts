import { exactProduct } from "../../../gallery/quantise.ts";
import { checkEmbedding } from "../../embedding.ts";
import type { Neighbour, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { storable } from "../text.ts";
import { fromSent } from "../vector.ts";
import { createGalleries } from "./galleries.ts";
import { clamp } from "./rank.ts";
import { createScan, type Gallery } from "./scan.ts";

export interface Matching extends Pick<Storage["identities"], "nearest" | "compare"> {
  close(): void;
}

/** @param capacity faces held in memory; 0 searches in PostgreSQL alone */
export function createMatching(context: Context, capacity: number): Matching {
  const { read, accountRow, recognisers } = context;
  const scan = createScan(context);
  const galleries = createGalleries(context, capacity);

  return {
    async nearest({ accountId, collectionId }, probe, k) {
      const recogniser = await recognisers.get(probe.recogniser);
      checkEmbedding(probe, recogniser);
      // The keys of collections and galleries.
      const [gallery] = await read<Gallery>(
        `SELECT g.row, g.recogniser FROM collections c JOIN galleries g ON g.collection = c.row
         WHERE c.id = $1 AND c.account = $2 AND c.deleted_at IS NULL AND g.recogniser = $3`,
        [storable(collectionId), await accountRow(accountId), recogniser.row],
      );
      if (!gallery) return [];
      const held = capacity > 0 ? await galleries.nearest(gallery.row, probe.values, k) : undefined;
      return held ?? scan(gallery, probe.values, k);
    },
    async compare(accountId, identityId, probe) {
      const recogniser = await recognisers.get(probe.recogniser);
      checkEmbedding(probe, recogniser);
      // vectors_identity
      const faces = await read<{ face_id: string; sent: Buffer }>(
        `SELECT f.id AS face_id, vector_send(v.embedding) AS sent
         FROM identities i JOIN collections c ON c.row = i.collection AND c.deleted_at IS NULL
         JOIN vectors v ON v.identity = i.row AND v.recogniser = $3 JOIN faces f ON f.slot = v.slot
         WHERE i.id = $1 AND i.account = $2 ORDER BY v.slot`,
        [storable(identityId), await accountRow(accountId), recogniser.row],
      );
      let best: Neighbour | undefined;
      for (const { face_id, sent } of faces) {
        const cosine = clamp(exactProduct(fromSent(sent), probe.values));
        if (!best || cosine > best.cosine) best = { identityId, faceId: face_id, cosine };
      }
      return best;
    },
    close: galleries.close,
  };
}
