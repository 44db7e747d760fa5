import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openLocalBlobs, StorageError, type Storage } from "../src/index.ts";
import { eventually, form, keys, photo, PROBLEM_KEYS, settle, start, type Fields } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

/** A PNG whose header says 100,000 x 100,000. */
function lyingPng(png: Buffer): Buffer {
  const copy = Buffer.from(png);
  copy.writeUInt32BE(100_000, 16);
  copy.writeUInt32BE(100_000, 20);
  return copy;
}

describe("an upload", async () => {
  const api = await start();
  const face = await photo("audrey.jpg");
  const blobs = async () => readdir(path.join(api.directory, "blobs"));
  const post = (fields: Fields, route = IDENTITY) => api.call("POST", route, { body: form(fields) });
  const multipart = (body: string | Buffer, type = "multipart/form-data; boundary=b") =>
    api.call("POST", IDENTITY, { body: body as never, headers: { "content-type": type } });
  const grey = (format: "webp" | "gif" | "png") => {
    const image = sharp({ create: { width: 64, height: 64, channels: 3, background: "#777" } });
    return image.toFormat(format).toBuffer();
  };

  it.each<[string, number, () => Promise<Fields>]>([
    ["without an image", 400, async () => [["other", "x"]]],
    ["with the image under another name", 400, async () => [["photo", face]]],
    [
      "of six images",
      400,
      async () => Array.from({ length: 6 }, () => ["input_images", face] as [string, Buffer]),
    ],
    ["of zero bytes", 400, async () => [["input_images", Buffer.alloc(0)]]],
    [
      "of text named .jpg",
      415,
      async () => [
        ["input_images", Buffer.from("this is not a photograph, whatever its name says"), "me.jpg"],
      ],
    ],
    ["of a GIF", 415, async () => [["input_images", await grey("gif"), "me.jpg"]]],
    ["of a WEBP", 415, async () => [["input_images", await grey("webp"), "me.png"]]],
    [
      "of an SVG",
      415,
      async () => [
        [
          "input_images",
          Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
          "me.svg",
        ],
      ],
    ],
    ["of a JPEG cut off in its header", 400, async () => [["input_images", face.subarray(0, 40)]]],
    ["of a PNG whose header lies", 413, async () => [["input_images", lyingPng(await grey("png"))]]],
    [
      "of 200 megapixels",
      413,
      async () => [
        [
          "input_images",
          await sharp({ create: { width: 20_000, height: 10_000, channels: 3, background: "#777" } })
            .png({ compressionLevel: 1 })
            .toBuffer(),
        ],
      ],
    ],
    [
      "with a good image before the bad one",
      415,
      async () => [
        ["input_images", face],
        ["input_images", Buffer.from("GIF89a and so on and on")],
      ],
    ],
  ])("%s is refused with a clear %i, and leaves nothing behind", async (_, status, fields) => {
    const answer = await post(await fields());
    expect(answer.status).toBe(status);
    expect(keys(answer.body)).toEqual(PROBLEM_KEYS);
    expect(answer.body.message.length).toBeGreaterThan(15);
    expect(await blobs()).toEqual([]);
  });

  it("names the image that was bad", async () => {
    expect(
      (
        await post([
          ["input_images", face],
          ["input_images", Buffer.alloc(0)],
        ])
      ).body.message,
    ).toMatch(/^image 2: /);
  });

  it.each<[string, number, string | Buffer, string?]>([
    ["that is not multipart", 415, "x=1", "application/x-www-form-urlencoded"],
    ["of JSON", 415, "{}", "application/json"],
    ["without a boundary", 400, "--b\r\n", "multipart/form-data"],
    [
      "with another boundary than declared",
      400,
      '--a\r\nContent-Disposition: form-data; name="input_images"; filename="a"\r\n\r\nx\r\n--a--\r\n',
    ],
    [
      "without an end",
      400,
      Buffer.concat([
        Buffer.from('--b\r\nContent-Disposition: form-data; name="input_images"; filename="a"\r\n\r\n'),
        face,
      ]),
    ],
    ["that ends in a part's header", 400, "--b\r\nContent-Disposition: form-da"],
    ["of nothing", 400, ""],
    [
      "of an endless part header",
      400,
      `--b\r\nContent-Disposition: form-data; name="${"x".repeat(200_000)}"\r\n\r\nx\r\n--b--\r\n`,
    ],
    [
      "of 300 fields",
      400,
      `${Array.from({ length: 300 }, (_, i) => `--b\r\nContent-Disposition: form-data; name="f${i}"\r\n\r\nx\r\n`).join("")}--b--\r\n`,
    ],
    [
      "with a text of a megabyte",
      413,
      `--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n${"x".repeat(1_000_000)}\r\n--b--\r\n`,
    ],
  ])("%s is refused with %i", async (_, status, body, type) => {
    const answer = await multipart(body, type);
    expect(answer.status).toBe(status);
    expect(keys(answer.body)).toEqual(PROBLEM_KEYS);
    expect(await blobs()).toEqual([]);
  });

  it("ignores unknown fields and files, and paths in file names", async () => {
    const names = ["../../../etc/passwd", "C:\\photos\\me.jpg", "/tmp/x\u0000.jpg", "ü 😀.jpg"];
    for (const name of names) {
      const answer = await post([
        ["x", "1"],
        ["attachment", Buffer.from("text"), "a.txt"],
        ["input_images", face, name],
        ["y", "2"],
      ]);
      expect(answer.status).toBe(200);
      expect((await api.done(IDENTITY, answer.body.job_id)).status).toBe("Succeeded");
    }
    expect(await blobs()).toEqual([]);
  });

  it.each(["input_images", "input_images[]", "input_images[0]", "input_image", "input_image[]"])(
    "takes the image as %s",
    async (name) => {
      expect((await post([[name, face]])).status).toBe(200);
    },
  );

  it("is erased when its job has ended, either way", async () => {
    const good = await post([["input_images", face]]);
    const bad = await post([
      [
        "input_images",
        await sharp({ create: { width: 400, height: 400, channels: 3, background: "grey" } })
          .png()
          .toBuffer(),
      ],
    ]);
    expect((await api.done(IDENTITY, good.body.job_id)).status).toBe("Succeeded");
    const failed = await api.done(IDENTITY, bad.body.job_id);
    expect(failed.status).toBe("Failed");
    expect(failed.error).toMatch(/^image 1: /);
    await eventually(blobs).toEqual([]);
  });

  it("of a truncated JPEG ends in a Failed job with a reason, and the service goes on", async () => {
    const answer = await post([["input_images", face.subarray(0, Math.floor(face.length / 3))]]);
    const job = await api.done(IDENTITY, answer.body.job_id);
    expect(["Failed", "Succeeded"]).toContain(job.status);
    if (job.status === "Failed") expect(job.error).toMatch(/^image 1: /);
    expect((await api.run("POST", IDENTITY, [["input_images", face]])).status).toBe("Succeeded");
  });

  it("that the client abandons leaves nothing behind", async () => {
    const abort = new AbortController();
    const head = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="input_images"; filename="a"\r\n\r\n'),
      face,
    ]);
    const endless = new ReadableStream({
      start: (controller) => controller.enqueue(head),
      async pull(controller) {
        await settle();
        controller.enqueue(new Uint8Array(10_000));
      },
    });
    const request = api.call("POST", IDENTITY, {
      body: endless,
      headers: { "content-type": "multipart/form-data; boundary=b" },
      signal: abort.signal,
    });
    await eventually(blobs).toHaveLength(1);
    abort.abort();
    await expect(request).rejects.toThrow();
    await eventually(blobs).toEqual([]);
  });

  it("that stands still is ended with 408", async () => {
    const impatient = await start({ limits: { bodyIdleMs: 200 } });
    const answer = await impatient.raw([
      `POST ${IDENTITY} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${impatient.token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n--b\r\n`,
    ]);
    expect([answer.status, keys(answer.body)]).toEqual([408, PROBLEM_KEYS]);
  });

  it("over the limit is refused at once by its declared length, else while it is sent, and the answer reaches the sender", async () => {
    const small = await start({ limits: { uploadBytes: 1_000_000 } });
    const head = (length: string) =>
      `POST ${IDENTITY} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${small.token}\r\nContent-Type: multipart/form-data; boundary=b\r\n${length}\r\n\r\n`;
    const declared = await small.raw([head("Content-Length: 99000000000")]);
    expect([declared.status, keys(declared.body)]).toEqual([413, PROBLEM_KEYS]);
    const part = Buffer.concat([
      Buffer.from('--b\r\nContent-Disposition: form-data; name="input_images"; filename="a"\r\n\r\n'),
      face,
    ]);
    // A client that reads only after it has sent everything, as most do.
    const big = Buffer.concat([part, Buffer.alloc(5_000_000 - part.length)]);
    const sent = await small.raw([
      head("Content-Length: 5000000"),
      ...Array.from({ length: 50 }, (_, i) => big.subarray(i * 100_000, (i + 1) * 100_000)),
    ]);
    expect([sent.status, keys(sent.body)]).toEqual([413, PROBLEM_KEYS]);
    expect(await readdir(path.join(small.directory, "blobs"))).toEqual([]);
  });
});

describe("images that no job came of", () => {
  const fields = async (): Promise<Fields> => [
    ["input_images", await photo("audrey.jpg")],
    ["input_images", Buffer.from("no image")],
  ];

  it("hide nothing of the request's own fault when the blob store fails as they are erased", async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "prosopon-service-"));
    const blobs = await openLocalBlobs(directory);
    const failing = { ...blobs, delete: () => Promise.reject(new Error("the store is away")) };
    const api = await start({ blobs: failing });
    const answer = await api.call("POST", IDENTITY, { body: form(await fields()) });
    expect(answer.status).toBe(415);
    expect(answer.body.message).toContain("image 2");
    expect(api.log.join("")).toContain("the store is away");
    await rm(directory, { recursive: true });
  });

  it("are erased when the database fails before the job is written", async () => {
    const api = await start();
    const { storage } = api;
    const away: Storage["identities"]["get"] = async () => {
      throw new StorageError("unusable", "The database does not answer.");
    };
    const broken = await start({
      storage: { ...storage, identities: { ...storage.identities, get: away } },
    });
    const body = form([
      ["input_image", await photo("audrey.jpg")],
      ["identity_id", "any"],
    ]);
    expect((await broken.call("POST", `${IDENTITY}/recognize`, { body })).status).toBe(503);
    expect(await readdir(path.join(broken.directory, "blobs"))).toEqual([]);
  });
});

describe("POST /v1/uploads", async () => {
  const api = await start({ limits: { uploadTtlMs: 2_000 } });
  const face = await photo("audrey.jpg");

  it("answers an id that stands for the image on every route, as often as wanted, until it expires", async () => {
    const { status, body } = await api.call("POST", "/v1/uploads", { body: form([["input_image", face]]) });
    expect(status).toBe(201);
    expect(keys(body)).toEqual(["upload_id", "size", "expires_at"]);
    expect(body.size).toBe(face.length);
    const enrolled = await api.run("POST", IDENTITY, [
      ["input_images", body.upload_id],
      ["input_images", face],
    ]);
    expect(enrolled.status).toBe("Succeeded");
    expect(
      (await api.run("POST", `${IDENTITY}/search`, [["input_image", body.upload_id]])).results[0].identity_id,
    ).toBe(enrolled.identity_id);
    await eventually(
      async () =>
        (await api.call("POST", `${IDENTITY}/search`, { body: form([["input_image", body.upload_id]]) }))
          .status,
    ).toBe(404);
  });

  it("takes the image as the whole body", async () => {
    for (const type of ["image/jpeg", "application/octet-stream"]) {
      const { status, body } = await api.call("POST", "/v1/uploads", {
        body: new Uint8Array(face),
        headers: { "content-type": type },
      });
      expect(status).toBe(201);
      expect((await api.run("POST", IDENTITY, [["input_images", body.upload_id]])).status).toBe("Succeeded");
    }
  });

  it.each<[string, number, string, string]>([
    ["an empty body", 400, "", "image/jpeg"],
    ["text as an image", 415, "no image at all, however it is declared", "image/jpeg"],
    ["JSON", 415, "{}", "application/json"],
  ])("refuses %s with %i", async (_, status, body, type) => {
    const answer = await api.call("POST", "/v1/uploads", { body, headers: { "content-type": type } });
    expect([answer.status, keys(answer.body)]).toEqual([status, PROBLEM_KEYS]);
  });

  it("knows another account's upload as little as an unknown one", async () => {
    const { body } = await api.call("POST", "/v1/uploads", { body: form([["input_image", face]]) });
    const other = await api.otherAccount();
    expect(
      (
        await api.call("POST", IDENTITY, {
          token: other.token,
          body: form([["input_images", body.upload_id]]),
        })
      ).status,
    ).toBe(404);
  });
});
