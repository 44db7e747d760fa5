import { exactProduct } from "../../../gallery/quantise.ts";
import { checkEmbedding } from "../../embedding.ts";
import type { Neighbour, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { storable } from "../text.ts";
import { fromSent } from "../vector.ts";
import { createGalleries } from "./galleries.ts";
import { clamp } from "./rank.ts";
import { createScan } from "./scan.ts";

export interface Matching extends Pick<Storage["identities"], "nearest" | "compare"> {
  close(): void;
}

/** @param capacity faces held in memory; 0 searches in PostgreSQL alone */
export function createMatching(context: Context, capacity: number): Matching {
  const { read, accountRow } = context;
  const scan = createScan(context);
  const galleries = createGalleries(context, capacity);

  return {
    async nearest(accountId, probe, k) {
      checkEmbedding(probe);
      const account = await accountRow(accountId);
      if (account < 0) return [];
      const held = capacity > 0 ? await galleries.nearest(account, probe, k) : undefined;
      return held ?? scan(account, probe, k);
    },
    async compare(accountId, identityId, probe) {
      checkEmbedding(probe);
      // vectors_identity
      const faces = await read<{ face_id: string; sent: Buffer }>(
        `SELECT f.id AS face_id, vector_send(v.embedding) AS sent
         FROM identities i JOIN vectors v ON v.identity = i.row JOIN faces f ON f.slot = v.slot
         WHERE i.id = $1 AND i.account = $2 ORDER BY v.slot`,
        [storable(identityId), await accountRow(accountId)],
      );
      let best: Neighbour | undefined;
      for (const { face_id, sent } of faces) {
        const cosine = clamp(exactProduct(fromSent(sent), probe));
        if (!best || cosine > best.cosine) best = { identityId, faceId: face_id, cosine };
      }
      return best;
    },
    close: galleries.close,
  };
}
