import type { OlderDatabase } from "./database.ts";
import * as sql from "./statements.ts";

interface Near {
  identityId: string;
  cosine: number;
}

export interface Gallery {
  nearest(accountId: string, probe: Float32Array): Promise<Near | undefined>;
  scan(accountId: string, probe: Float32Array): Promise<Near | undefined>;
}

/** Searches in memory, caught up by numbered changes, and by pgvector. */
export function createGallery({ read, transaction, accountRow }: OlderDatabase): Gallery {
  const galleries = new Map<number, { seq: number; faces: Map<number, Float32Array> }>();
  async function gallery(account: number): Promise<Map<number, Float32Array>> {
    const known = galleries.get(account);
    const held = known ?? { seq: 0, faces: new Map<number, Float32Array>() };
    galleries.set(account, held);
    if (!known)
      await transaction(async (query) => {
        await query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        held.seq = (await query<{ seq: number }>(sql.GALLERY_HEAD, [account]))[0]!.seq;
        for (const { slot, sent } of await query<{ slot: number; sent: Buffer }>(sql.LOAD_GALLERY, [account]))
          held.faces.set(slot, vector(sent));
      });
    type Step = { pruned: number; seq: number | null; slot: number; gone: boolean; sent: Buffer | null };
    for (const { pruned, seq, slot, gone, sent } of await read<Step>(sql.CATCH_UP, [account, held.seq])) {
      if (pruned > held.seq) throw new Error("changes that this node still needed are forgotten");
      if (seq === null) break;
      if (gone) held.faces.delete(slot);
      else if (sent) held.faces.set(slot, vector(sent));
      held.seq = seq;
    }
    return held.faces;
  }

  async function named(best: { slot: number; cosine: number } | undefined): Promise<Near | undefined> {
    const [name] = best ? await read<{ identity_id: string }>(sql.NAMES, [[best.slot]]) : [];
    return name && { identityId: name.identity_id, cosine: best!.cosine };
  }

  return {
    async nearest(accountId, probe) {
      const faces = await gallery(await accountRow(accountId));
      const [best] = [...faces]
        .map(([slot, face]) => ({ slot, cosine: product(face, probe) }))
        .toSorted((a, b) => b.cosine - a.cosine);
      return named(best);
    },
    async scan(accountId, probe) {
      const [best] = await read<{ slot: number; sent: Buffer }>(sql.SCAN, [
        await accountRow(accountId),
        text(probe),
        5,
      ]);
      return named(best && { slot: best.slot, cosine: product(vector(best.sent), probe) });
    },
  };
}

/** pgvector's text form. */
export const text = (embedding: Float32Array): string => `[${embedding.join(",")}]`;

/** Of `vector_send`: two fields of 16 bits, then float32, big-endian. */
function vector(sent: Buffer): Float32Array {
  return Float32Array.from({ length: 128 }, (_, index) => sent.readFloatBE(4 + index * 4));
}

const product = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + value * b[index]!, 0);
