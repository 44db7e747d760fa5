import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Gallery } from "../../src/gallery/gallery.ts";
import { Banks, Slab } from "../../src/gallery/slab.ts";
import { bruteForce, generator, normalised, type Row } from "./samples.ts";

const ACCOUNT = 1;

function rowsOf(count: number, from = 0): Row[] {
  const random = generator(from + 1);
  return Array.from({ length: count }, (_, index) => ({
    slot: from + index,
    identity: Math.floor((from + index) / 2),
    vector: normalised(Array.from({ length: 128 }, random)),
  }));
}

describe("gallery under change", () => {
  it("holds exactly what is stored when faces come and go while it loads", async () => {
    const stored = new Map(
      rowsOf(9000)
        .filter(({ slot }) => slot % 10 !== 4)
        .map((row) => [row.slot, row]),
    );
    const gallery = new Gallery({
      page: (_, after, limit) =>
        [...stored.values()]
          .filter(({ slot }) => slot > after)
          .toSorted((a, b) => a.slot - b.slot)
          .slice(0, limit),
      read: (slot) => stored.get(slot)!.vector,
    });
    const probe = stored.get(0)!.vector;
    const first = gallery.nearest(ACCOUNT, probe, 20);
    // Behind and ahead of the loading, removals, and additions into slots that are free again.
    const fresh = rowsOf(9000, 50_000);
    for (let turn = 0; turn < 6; turn++) {
      await nextTurn();
      for (const slot of [turn * 3 + 1, 8000 - turn * 7]) {
        stored.delete(slot);
        gallery.remove(ACCOUNT, [slot]);
      }
      for (const slot of [turn * 10 + 4, 7994 - turn * 10]) {
        const row = { ...fresh[slot]!, slot };
        stored.set(slot, row);
        gallery.add(ACCOUNT, [row]);
      }
    }
    await first;
    for (const k of [20, 10_000]) {
      expect(await gallery.nearest(ACCOUNT, probe, k)).toEqual(bruteForce([...stored.values()], probe, k));
    }
    gallery.close();
  });

  it("answers rightly when rows move during the pauses of a long scan", async () => {
    const rows = rowsOf(6000);
    const slab = new Slab(new Banks(), 1024);
    for (const row of rows) slab.add(row, row.vector);
    const probe = rows[5999]!.vector;
    const gone = new Set<number>();
    const searching = slab.nearest(probe, 10, (slot) => {
      if (gone.has(slot)) throw new Error(`slot ${slot} was removed`);
      return rows[slot]!.vector;
    });
    // The best match stands last: each removal moves another row into the part already scanned.
    for (let turn = 0; turn < 2; turn++) {
      await nextTurn();
      gone.add(turn);
      slab.remove([turn]);
    }
    const left = rows.filter(({ slot }) => !gone.has(slot));
    expect(await searching).toEqual(bruteForce(left, probe, 10));
  });

  it("tries again after a failed loading", async () => {
    const [row] = rowsOf(1);
    let fails = true;
    const gallery = new Gallery({
      page: (_, after) => {
        if (fails) throw new Error("disk gone");
        return after < 0 ? [row!] : [];
      },
      read: () => row!.vector,
    });
    await expect(gallery.nearest(ACCOUNT, row!.vector, 1)).rejects.toThrow("disk gone");
    fails = false;
    expect(await gallery.nearest(ACCOUNT, row!.vector, 1)).toHaveLength(1);
  });
});
