import { exactProduct } from "../../../gallery/quantise.ts";
import { checkEmbedding } from "../../sqlite/vector.ts";
import type { Neighbour, Storage } from "../../types.ts";
import type { Context } from "../context.ts";
import { storable } from "../text.ts";
import { fromSent } from "../vector.ts";
import { clamp } from "./rank.ts";
import { createScan } from "./scan.ts";

export type Matching = Pick<Storage["identities"], "nearest" | "compare">;

export function createMatching(context: Context): Matching {
  const { read, accountRow } = context;
  const scan = createScan(context);

  return {
    async nearest(accountId, probe, k) {
      checkEmbedding(probe);
      const account = await accountRow(accountId);
      return account < 0 ? [] : scan(account, probe, k);
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
  };
}
