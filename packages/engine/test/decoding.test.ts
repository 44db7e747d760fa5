import { execFileSync, fork } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDecoder, type Decoder } from "../src/decoding/decoder.ts";
import { createBudget } from "../src/decoding/budget.ts";
import { isSrgb } from "../src/decoding/profile.ts";
import { bytesNeeded, longestKept } from "../src/decoding/size.ts";
import { createEngine, imageBounds, isImageError, type Engine, type Structure } from "../src/index.ts";
import { inspectSource } from "../src/inspect/source.ts";
import { cosine, embeddingOf, portrait } from "./photos.ts";
import { manyScans } from "./structures.ts";

const processFile = new URL("../src/decoding/process.ts", import.meta.url);

/** Processes below one, by name of their script; Linux tells. */
async function decodersOf(parent: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const command = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    if (Number(stat.split(") ")[1]?.split(" ")[1]) === parent && /decoding\/process\.ts/.test(command))
      found.push(Number(name));
  }
  return found;
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A process that ended and is not yet waited for is a zombie.
    return !/\) Z /.test(execFileSync("cat", [`/proc/${pid}/stat`]).toString());
  } catch {
    return false;
  }
};

describe("a decode", () => {
  let decoder: Decoder;
  let structure: Structure;
  beforeAll(async () => {
    decoder = createDecoder(processFile);
    structure = inspectSource({ path: portrait }, imageBounds());
  });
  afterAll(() => decoder.close());
  const fine = () => decoder.decode(portrait, structure, bytesNeeded(structure));

  it("gives the same pixels from bytes and from a file", async () => {
    const fromFile = await fine();
    const fromBytes = await decoder.decode(await readFile(portrait), structure, bytesNeeded(structure));
    expect([fromFile.width, fromFile.height, fromFile.scale]).toEqual([540, 720, 1]);
    expect(Buffer.compare(fromFile.pixels.data, fromBytes.pixels.data)).toBe(0);
  });

  it("that takes too long is ended with the reason, and the next one goes on", async () => {
    // What inspection would refuse, said to be tiny: a second of processor time.
    const image = manyScans(10_000, 10_000, 800);
    const claim: Structure = {
      format: "jpeg",
      width: 10_000,
      height: 10_000,
      workBytes: 0,
      rawBytes: 1,
      ended: true,
    };
    const error: unknown = await decoder.decode(image, claim, 2 ** 30).catch((reason: unknown) => reason);
    expect(error).toSatisfy(isImageError);
    expect(error).toMatchObject({
      code: "too-costly",
      message: expect.stringMatching(/too long/) as unknown,
    });
    expect((await fine()).width).toBe(540);
  });

  it("that takes too much memory is ended with the reason, and the next one goes on", async () => {
    const image = await sharp({
      create: { width: 9_000, height: 9_000, channels: 3, background: "grey" },
      limitInputPixels: false,
    })
      .jpeg({ progressive: true, chromaSubsampling: "4:4:4" })
      .toBuffer();
    const claim: Structure = {
      format: "jpeg",
      width: 9_000,
      height: 9_000,
      workBytes: 0,
      rawBytes: 1e9,
      ended: true,
    };
    await expect(decoder.decode(image, claim, 1)).rejects.toMatchObject({
      code: "too-costly",
      message: expect.stringMatching(/more memory/) as unknown,
    });
    expect((await fine()).width).toBe(540);
  });

  it("is given up at once when its signal says so", async () => {
    const claim: Structure = {
      format: "jpeg",
      width: 10_000,
      height: 10_000,
      workBytes: 0,
      rawBytes: 1e12,
      ended: true,
    };
    const reason = new Error("enough");
    const abort = new AbortController();
    const slow = decoder.decode(manyScans(10_000, 10_000, 800), claim, 2 ** 30, abort.signal);
    setTimeout(() => abort.abort(reason), 300);
    await expect(slow).rejects.toBe(reason);
    expect((await fine()).width).toBe(540);
  });

  it("whose process is killed from outside may be tried again", async () => {
    await fine();
    const claim: Structure = { ...structure, width: 10_000, height: 10_000, rawBytes: 1e12 };
    const slow = decoder.decode(manyScans(10_000, 10_000, 800), claim, 2 ** 30);
    const ended = expect(slow).rejects.toThrow(/may be tried again/);
    await expect.poll(async () => (await decodersOf(process.pid)).length).toBeGreaterThan(0);
    for (const pid of await decodersOf(process.pid)) process.kill(pid, "SIGKILL");
    await ended;
    expect((await fine()).width).toBe(540);
  });
});

describe.skipIf(process.platform !== "linux")(
  "decoder processes (looked for in /proc, which Linux has)",
  () => {
    it("go with the process that started them, killed or not", async () => {
      const folder = await mkdtemp(join(tmpdir(), "prosopon-decoders-"));
      const script = join(folder, "embedder.mjs");
      await writeFile(
        script,
        `import { createEngine } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
       const engine = createEngine({ threads: 1 });
       await engine.analyse({ path: ${JSON.stringify(portrait)} });
       process.send("warm");
       process.on("message", () => {});`,
      );
      const embedder = fork(script, { execArgv: ["--conditions=@prosopon/source"], stdio: "ignore" });
      await new Promise((resolve) => embedder.once("message", resolve));
      const decoders = await decodersOf(embedder.pid!);
      expect(decoders).toHaveLength(1);
      embedder.kill("SIGKILL");
      await expect.poll(() => decoders.some(alive)).toBe(false);
      await rm(folder, { recursive: true });
    });

    it("have nothing of the environment that may be secret", async () => {
      process.env.PROSOPON_TEST_SECRET = "a secret of the server";
      const decoder = createDecoder(processFile);
      const structure = inspectSource({ path: portrait }, imageBounds());
      await decoder.decode(portrait, structure, bytesNeeded(structure));
      const environments = await Promise.all(
        (await decodersOf(process.pid)).map((pid) => readFile(`/proc/${pid}/environ`, "utf8")),
      );
      delete process.env.PROSOPON_TEST_SECRET;
      expect(environments.length).toBeGreaterThan(0);
      for (const environment of environments) expect(environment).not.toContain("a secret of the server");
      decoder.close();
    });
  },
);

describe("the memory for decoding", () => {
  it("is given out in the order it was asked for, never more than there is", async () => {
    const budget = createBudget(100);
    const [a, b, c, d] = [{}, {}, {}, {}];
    const given: string[] = [];
    const ask = (name: string, owner: object, bytes: number) =>
      void budget.take(owner, bytes).then(() => given.push(name));
    ask("a", a, 60);
    ask("b", b, 60);
    ask("c", c, 10); // would fit, but came later
    ask("d", d, 500); // more than there is: alone
    await Promise.resolve();
    expect(given).toEqual(["a"]);
    budget.release(a);
    await Promise.resolve();
    expect(given).toEqual(["a", "b", "c"]);
    budget.release(b);
    await Promise.resolve();
    expect(given).toEqual(["a", "b", "c"]);
    budget.release(c);
    await Promise.resolve();
    expect(given).toEqual(["a", "b", "c", "d"]);
  });
});

describe("large pictures", () => {
  let engine: Engine;
  let reference: Float32Array;
  beforeAll(async () => {
    engine = createEngine({ threads: 1 });
    reference = await embeddingOf(engine, portrait);
  });
  afterAll(() => engine.close());

  it("of 108 and 200 megapixels are taken as JPEG, and the face is found", async () => {
    for (const [width, height] of [
      [9_000, 12_000],
      [12_240, 16_320],
    ] as const) {
      const image = await sharp(portrait).resize(width, height).jpeg({ quality: 80 }).toBuffer();
      const analysis = await engine.analyse(image);
      expect([analysis.width, analysis.height]).toEqual([width, height]);
      expect(cosine(reference, analysis.faces[0]!.embedding!.values)).toBeGreaterThan(0.9);
    }
  });

  it.each([
    [20_000, 400],
    [1_080, 20_000],
  ])("of %i x %i keep faces of 70 pixels between the eyes", async (width, height) => {
    // The portrait has 131 pixels between the eyes.
    const face = await sharp(portrait)
      .resize({ width: Math.round(540 * (70 / 131)) })
      .extract({ left: 0, top: 0, width: 288, height: 384 })
      .toBuffer();
    const [left, top] = [Math.round(width * 0.6), Math.round((height - 384) * 0.7)];
    const image = await sharp({ create: { width, height, channels: 3, background: "#8a8f93" } })
      .composite([{ input: face, left: Math.min(left, width - 288), top }])
      .jpeg({ quality: 92 })
      .toBuffer();
    const { faces } = await engine.analyse(image);
    expect(faces).toHaveLength(1);
    expect(cosine(reference, faces[0]!.embedding!.values)).toBeGreaterThan(0.7);
  });

  it("keep their area, and ordinary ones their longest side", () => {
    expect(longestKept({ width: 1920, height: 1280 })).toBe(1920);
    expect(longestKept({ width: 4000, height: 3000 })).toBe(2048);
    expect(longestKept({ width: 20_000, height: 400 })).toBe(12_541);
  });
});

describe("a JPEG without its end marker", () => {
  it("is read whole; one that lacks rows is refused", async () => {
    const engine = createEngine({ threads: 1 });
    const whole = await readFile(portrait);
    const [before, after] = [await engine.analyse(whole), await engine.analyse(whole.subarray(0, -2))];
    expect(after.faces[0]!.embedding).toEqual(before.faces[0]!.embedding);
    await expect(engine.analyse(whole.subarray(0, Math.ceil(whole.length * 0.97)))).rejects.toMatchObject({
      code: "undecodable",
    });
    await engine.close();
  });
});

describe("a decoder that does not answer, nor watch itself", () => {
  it("is ended, and the image is the one that is too costly", { timeout: 60_000 }, async () => {
    const decoder = createDecoder(new URL("silent-process.ts", import.meta.url));
    const structure = inspectSource(await readFile(portrait), imageBounds());
    await expect(decoder.decode(new Uint8Array(9), structure, 1e6)).rejects.toMatchObject({
      code: "too-costly",
      message: expect.stringContaining("takes too long to decode"),
    });
    decoder.close();
  });
});

describe("a colour profile", () => {
  const withProfile = (name: string) => sharp(portrait).withIccProfile(name).jpeg({ quality: 95 }).toBuffer();

  it("that says sRGB is known by its numbers; others are converted", async () => {
    const bounds = imageBounds();
    const [srgb, p3] = [await withProfile("srgb"), await withProfile("p3")];
    expect(isSrgb(inspectSource(srgb, bounds).profile!)).toBe(true);
    expect(isSrgb(inspectSource(p3, bounds).profile!)).toBe(false);
    expect(isSrgb(new Uint8Array(3_144))).toBe(false);
    expect(isSrgb(new Uint8Array(3))).toBe(false);
    const endless = new Uint8Array(3_144);
    new DataView(endless.buffer).setUint32(128, 0xff_ff_ff_ff);
    const begun = performance.now();
    expect(isSrgb(endless)).toBe(false);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it("changes nothing of who it is", async () => {
    const engine = createEngine({ threads: 1 });
    const reference = await embeddingOf(engine, portrait);
    for (const name of ["srgb", "p3"])
      expect(cosine(reference, await embeddingOf(engine, await withProfile(name)))).toBeGreaterThan(0.98);
    await engine.close();
  });
});
