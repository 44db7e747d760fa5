import { setImmediate as nextTurn } from "node:timers/promises";
import { Leaders } from "../../../../gallery/leaders.ts";
import { Banks, Slab } from "../../../../gallery/slab.ts";
import type { Database } from "../../database.ts";
import { fromSent } from "../../vector.ts";

/** Faces in memory at once: some 60 MB. */
const CHUNK = 100_000;
const PAGE = 5_000;

interface Stored {
  slot: number;
  identity: number;
  sent: Buffer;
}

/**
 * The `k` nearest identities of each probe, in double precision over all of the account's faces: read once, a part at a
 * time, and each part scanned for all probes by the kernel of the galleries in memory. Inside a transaction.
 */
export async function exactAnswers(
  query: Database["read"],
  account: number,
  probes: readonly Float32Array[],
  k: number,
): Promise<Leaders[]> {
  const answers = probes.map(() => new Leaders(k));
  const banks = new Banks();
  await query(
    `DECLARE truth NO SCROLL CURSOR FOR SELECT slot, identity, vector_send(embedding) AS sent FROM vectors WHERE account = ${account}`,
  );
  for (let more = true; more;) {
    const slab = new Slab(banks);
    const vectors = new Map<number, Float32Array>();
    while (more && vectors.size < CHUNK) {
      const faces = await query<Stored>(`FETCH ${PAGE} FROM truth`);
      for (const { slot, identity, sent } of faces) {
        const vector = fromSent(sent);
        vectors.set(slot, vector);
        slab.add({ slot, identity }, vector);
      }
      more = faces.length === PAGE;
    }
    for (const [index, probe] of probes.entries()) {
      for (const { identity, slot, product } of await slab.nearest(probe, k, (s) => vectors.get(s)!))
        answers[index]!.offer(identity, slot, product);
      // A scan of such a part takes a millisecond or two; then the node's own work has its turn.
      await nextTurn();
    }
    slab.clear();
  }
  await query("CLOSE truth");
  return answers;
}
