import { deflateSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { chunk, frame, jpeg, manyScans, png, scan, text } from "../../engine/test/structures.ts";
import { form, photo, start, type Fixture } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await start();
});

describe("an image that costs more than a photograph is refused at upload, with the reason", () => {
  const cases: [string, () => Buffer, number, RegExp][] = [
    [
      "a PNG of 500 MB of text",
      () => png(300, 300, { before: Array.from({ length: 10 }, () => text("zTXt", 50e6)) }),
      413,
      /inflated/,
    ],
    ["a JPEG of 90 scans", () => manyScans(8_000, 8_000, 90), 413, /scans/],
    ["a small JPEG of 800 scans", () => manyScans(400, 400, 800), 413, /scans/],
    [
      "an interlaced PNG of 16 bits",
      () =>
        png(10_000, 10_000, {
          depth: 16,
          colourType: 6,
          interlace: 1,
          data: [chunk("IDAT", deflateSync(Buffer.alloc(1e6)))],
        }),
      413,
      /MB/,
    ],
    [
      "a JPEG of 12 bits",
      () => jpeg(frame(64, 64, { kind: 0xc1, precision: 12 }), scan(), Buffer.alloc(99)),
      415,
      /12 bits/,
    ],
    ["a lossless JPEG", () => jpeg(frame(64, 64, { kind: 0xc3 }), scan(), Buffer.alloc(99)), 415, /lossless/],
  ];
  it.each(cases)("%s", async (_, make, status, reason) => {
    const bytes = make();
    const answers = [
      await server.call("POST", "/v1/uploads", {
        body: new Uint8Array(bytes),
        headers: { "content-type": "image/png" },
      }),
      await server.call("POST", "/innovation-service/identity/search", {
        body: form([["input_image", bytes]]),
      }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(status);
      expect(answer.body.message).toMatch(reason);
    }
  });
});

describe("an image that only decoding shows to be broken", () => {
  it("fails its own job at once, for good, and others go on", async () => {
    // Rows for half of what its header says.
    const half = png(2_000, 2_000, { data: [chunk("IDAT", deflateSync(Buffer.alloc(1_000 * 6_001)))] });
    const failed = await server.run("POST", "/innovation-service/identity/search", [["input_image", half]]);
    expect(failed).toMatchObject({ status: "Failed", error: expect.stringMatching(/broken/) as unknown });
    const { body } = await server.call("GET", "/v1/jobs?status=Failed");
    expect(body.items?.[0] ?? body.jobs?.[0]).toMatchObject({ status: "Failed" });
    const image = await photo("franck_01829.jpg");
    expect(
      await server.run("POST", "/innovation-service/identity/search", [["input_image", image]]),
    ).toMatchObject({
      status: "Succeeded",
    });
  });

  it("is taken when it lacks only its end marker", async () => {
    const image = (await photo("franck_01829.jpg")).subarray(0, -2);
    expect(
      await server.run("POST", "/innovation-service/identity/search", [["input_image", image]]),
    ).toMatchObject({
      status: "Succeeded",
    });
  });
});
