import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exactProduct, quantise, quantiseQuery } from "../../src/gallery/quantise.ts";
import { Banks, Slab } from "../../src/gallery/slab.ts";
import { bruteForce, generator, normalised, type Row } from "./samples.ts";

function slabOf(rows: Row[]): Slab {
  const slab = new Slab(new Banks());
  for (const row of rows) slab.add(row, row.vector);
  return slab;
}

async function search(slab: Slab, rows: Row[], probe: Float32Array, k: number) {
  const bySlot = new Map(rows.map((row) => [row.slot, row.vector]));
  return slab.nearest(probe, k, (slot) => bySlot.get(slot)!);
}

const anyVector = fc
  .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 128, maxLength: 128 })
  .map(normalised);
const tiny = fc
  .array(fc.constantFrom(0, 2 ** -149, -(2 ** -149), 2 ** -140, 1e-40), { minLength: 128, maxLength: 128 })
  .map((values) => Float32Array.from(values));
const sparse = fc.record({ at: fc.nat(127), sign: fc.constantFrom(1, -1) }).map(({ at, sign }) => {
  const vector = new Float32Array(128);
  vector[at] = sign;
  return vector;
});

/** A few vectors and what an adversary would make of them: copies, opposites, and copies one float32 step away. */
const family = fc
  .array(fc.oneof({ weight: 4, arbitrary: anyVector }, sparse, tiny), { minLength: 1, maxLength: 5 })
  .chain((seeds) =>
    fc
      .array(
        fc.record({
          seed: fc.nat(seeds.length - 1),
          twist: fc.constantFrom("same", "opposite", "nudged" as const),
          at: fc.nat(127),
          identity: fc.nat(12),
        }),
        { maxLength: 80 },
      )
      .map((parts) => ({
        seeds,
        rows: parts.map(({ seed, twist, at, identity }, slot): Row => {
          const vector = Float32Array.from(seeds[seed]!, (value) => (twist === "opposite" ? -value : value));
          if (twist === "nudged") {
            const bits = new Uint32Array(vector.buffer);
            bits[at]! ^= 1;
          }
          return { slot, identity, vector };
        }),
      })),
  );

describe("gallery search", () => {
  it("equals a brute-force double-precision scan on near-equal, opposite, tied and tiny vectors", async () => {
    await fc.assert(
      fc.asyncProperty(
        family,
        fc.integer({ min: 1, max: 20 }),
        fc.nat(4),
        async ({ rows, seeds }, k, pick) => {
          const probe = seeds[pick % seeds.length]!;
          expect(await search(slabOf(rows), rows, probe, k)).toEqual(bruteForce(rows, probe, k));
        },
      ),
      { numRuns: 400 },
    );
  });

  it("equals it after any mixture of additions and removals", async () => {
    await fc.assert(
      fc.asyncProperty(family, fc.array(fc.nat(79)), fc.nat(79), async ({ rows, seeds }, removed, split) => {
        const slab = slabOf(rows.slice(0, split));
        const early = removed.filter((slot) => slot < split);
        slab.remove(early);
        for (const row of rows.slice(split)) slab.add(row, row.vector);
        const late = removed.filter((slot) => slot >= split);
        slab.remove(late);
        const left = rows.filter(({ slot }) => !removed.includes(slot));
        expect(slab.size).toBe(left.length);
        expect(await search(slab, left, seeds[0]!, 5)).toEqual(bruteForce(left, seeds[0]!, 5));
      }),
      { numRuns: 300 },
    );
  });

  it("equals it across chunks, with several faces an identity, and reads few vectors for it", async () => {
    const random = generator(7);
    const centres = Array.from({ length: 700 }, () => normalised(Array.from({ length: 128 }, random)));
    const rows = Array.from({ length: 3000 }, (_, slot): Row => {
      const identity = slot % 700;
      return {
        slot,
        identity,
        vector: normalised(centres[identity]!.map((value) => value + 0.04 * random())),
      };
    });
    const slab = slabOf(rows);
    const gone = rows.filter(({ slot }) => slot % 7 === 3).map(({ slot }) => slot);
    slab.remove(gone);
    const left = rows.filter(({ slot }) => slot % 7 !== 3);
    let reads = 0;
    for (let i = 0; i < 50; i++) {
      const probe = normalised(centres[i * 3]!.map((value) => value + 0.05 * random()));
      const found = await slab.nearest(probe, 10, (slot) => (reads++, rows[slot]!.vector));
      expect(found).toEqual(bruteForce(left, probe, 10));
    }
    expect(reads / 50).toBeLessThan(300);
  });

  it("answers all identities when asked for more than there are, and none from an empty gallery", async () => {
    const vector = normalised(Array.from({ length: 128 }, generator(1)));
    const rows = [0, 1, 2].map((slot): Row => ({ slot, identity: 5 - slot, vector }));
    expect(await search(slabOf(rows), rows, vector, 50)).toEqual(bruteForce(rows, vector, 50));
    expect(await search(slabOf([]), [], vector, 50)).toEqual([]);
  });

  it.each([3, 64, 129, 512, 2_048])("answers exactly in %i dimensions", async (dimension) => {
    const random = generator(dimension);
    const vector = () => normalised(Array.from({ length: dimension }, random));
    const rows = Array.from({ length: 1_300 }, (_, slot): Row => ({
      slot,
      identity: slot % 400,
      vector: vector(),
    }));
    const slab = slabOf(rows);
    for (const gone of rows.splice(-90)) slab.remove([gone.slot]);
    for (let i = 0; i < 20; i++) {
      const probe =
        i % 2 ? vector() : normalised(rows[i * 9]!.vector.map((value) => value + 0.02 * random()));
      expect(await search(slab, rows, probe, 7)).toEqual(bruteForce(rows, probe, 7));
    }
  });

  it("refuses vectors that the kernel has no room for", () => {
    expect(() => new Slab(new Banks()).add({ slot: 1, identity: 1 }, new Float32Array(2_049))).toThrow(
      "2049 dimensions",
    );
  });

  it("forgets a removed vector: emptied slabs are empty and their chunks are reused blank", async () => {
    const banks = new Banks();
    const random = generator(3);
    const rows = Array.from({ length: 1300 }, (_, slot): Row => ({
      slot,
      identity: slot,
      vector: normalised(Array.from({ length: 128 }, random)),
    }));
    const slab = new Slab(banks);
    for (const row of rows) slab.add(row, row.vector);
    slab.remove(rows.map(({ slot }) => slot));
    expect(slab.size).toBe(0);
    for (let i = 0; i < 3; i++) {
      const { bank, address } = banks.take(128);
      const hits: number[] = [];
      bank.scan(address, 512, quantiseQuery(rows[0]!.vector), Number.MIN_VALUE, (row) => hits.push(row));
      expect(hits).toEqual([]);
      expect(bank.slot(address, 0)).toBe(0);
    }
  });
});

describe("quantise", () => {
  it("bounds the error it makes, for any finite vectors", () => {
    fc.assert(
      fc.property(fc.oneof(anyVector, tiny, sparse), fc.oneof(anyVector, tiny, sparse), (vector, probe) => {
        const codes = new Int8Array(128);
        const { scale, residual } = quantise(vector, codes);
        const query = quantiseQuery(probe);
        let dot = 0;
        for (let i = 0; i < 128; i++) dot += codes[i]! * query.codes[i]!;
        const off = Math.abs(exactProduct(vector, probe) - scale * query.unit * dot);
        expect(off).toBeLessThanOrEqual(scale * query.codeError + residual * query.norm);
      }),
      { numRuns: 500 },
    );
  });
});
