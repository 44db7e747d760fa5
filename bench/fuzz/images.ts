import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { chunk, EOI, frame, png, scan, segment, SOI } from "../../packages/engine/test/structures.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const side = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 65_535 }));

/** A JPEG of plausible segments in any order, with any tables and scans, cut anywhere. */
export const jpegs: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.array(
      fc.oneof(
        {
          weight: 3,
          arbitrary: fc
            .tuple(fc.constantFrom(0xc4, 0xdb, 0xdd, 0xe0, 0xe1, 0xe2, 0xee, 0xfe), bytes(80))
            .map(([marker, data]) => segment(marker, data)),
        },
        {
          weight: 3,
          arbitrary: fc
            .record({
              width: side,
              height: side,
              kind: fc.constantFrom(0xc0, 0xc0, 0xc1, 0xc2, 0xc2, 0xc3, 0xc5, 0xc9, 0xca, 0xcb),
              precision: fc.constantFrom(8, 8, 8, 12, 16),
              components: fc.integer({ min: 0, max: 5 }),
              factors: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 4 }),
            })
            .map(({ width, height, ...options }) => frame(width, height, options)),
        },
        {
          weight: 3,
          arbitrary: fc
            .tuple(fc.integer({ min: 1, max: 4 }), fc.nat(63), fc.nat(63), fc.nat(255), bytes(400))
            .map(([count, from, to, bits, data]) => Buffer.concat([scan(count, from, to, bits), data])),
        },
        { weight: 1, arbitrary: bytes(20) },
        { weight: 1, arbitrary: fc.constantFrom(SOI, EOI, Buffer.from([0xff]), Buffer.from([0xff, 0xd0])) },
      ),
      { maxLength: 14 },
    ),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.boolean(),
  )
  .map(([parts, cut, whole]) => {
    const file = Buffer.concat([SOI, ...parts, EOI]);
    return whole ? file : file.subarray(0, Math.ceil(file.length * cut));
  });

const chunks = fc.array(
  fc
    .tuple(
      fc.constantFrom(
        "tEXt",
        "zTXt",
        "iTXt",
        "iCCP",
        "PLTE",
        "tRNS",
        "gAMA",
        "eXIf",
        "acTL",
        "fcTL",
        "fdAT",
        "IHDR",
        "IEND",
        "IDAT",
        "aaaa",
      ),
      fc.oneof(
        bytes(60),
        bytes(60).map((data) => Buffer.concat([Buffer.from("n\0\0"), deflateSync(data)])),
      ),
    )
    .map(([type, data]) => chunk(type, data)),
  { maxLength: 8 },
);

/** A PNG with right checksums, of any kind, with any chunks around a picture that may be too short, too long, or none. */
export const pngs: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.oneof(fc.nat(70), fc.nat(2 ** 31)),
    fc.oneof(fc.nat(70), fc.nat(2 ** 31)),
    fc.record({
      depth: fc.constantFrom(1, 2, 4, 8, 8, 16, 3),
      colourType: fc.constantFrom(0, 2, 2, 3, 4, 6, 5),
      interlace: fc.constantFrom(0, 0, 1, 2),
      before: chunks,
      after: chunks,
      data: bytes(2_000).map((data) => [chunk("IDAT", deflateSync(data))]),
    }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.boolean(),
  )
  .map(([width, height, options, cut, whole]) => {
    const file = png(width, height, options);
    return whole ? file : file.subarray(0, Math.ceil(file.length * cut));
  });

/** Photographs with some of their bytes changed, taken out, doubled or cut off. */
export const mutated = (photos: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.constantFrom(...photos),
      fc.array(
        fc.record({
          how: fc.constantFrom("bit", "byte", "bytes", "out", "twice", "cut"),
          // Most of a file's structure stands in its first hundreds of bytes.
          where: fc.oneof(
            fc.double({ min: 0, max: 0.1, noNaN: true }),
            fc.double({ min: 0, max: 1, noNaN: true }),
          ),
          length: fc.integer({ min: 1, max: 64 }),
          value: fc.integer({ min: 0, max: 255 }),
        }),
        { minLength: 1, maxLength: 8 },
      ),
    )
    .map(([photo, changes]) => {
      let file = Buffer.from(photo);
      for (const { how, where, length, value } of changes) {
        const at = Math.floor(where * file.length);
        if (how === "bit" && at < file.length) file[at]! ^= 1 << (value & 7);
        else if (how === "byte" && at < file.length) file[at] = value;
        else if (how === "bytes") file.fill(value, at, Math.min(at + length, file.length));
        else if (how === "out") file = Buffer.concat([file.subarray(0, at), file.subarray(at + length)]);
        else if (how === "twice") file = Buffer.concat([file.subarray(0, at + length), file.subarray(at)]);
        else if (how === "cut") file = file.subarray(0, Math.max(at, file.length >> 2));
      }
      return file;
    });

export const images = (photos: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc.oneof(jpegs, pngs, bytes(200), mutated(photos), mutated(photos));
