import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { backends } from "./backends.ts";
import { atEnd, form, photo, realEngine, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

/** How many of the 8-byte words of these bytes stand anywhere in a directory. */
function wordsIn(directory: string, bytes: Uint8Array): number {
  const input = bytes.subarray(0, bytes.length - (bytes.length % 8));
  const script = path.join(import.meta.dirname, "storage/grep.ts");
  const { stdout, stderr } = spawnSync(process.execPath, [script, directory], { input, encoding: "utf8" });
  if (!stdout) throw new Error(stderr);
  return Number(stdout);
}

describe.each(backends)("deleting an identity, with $name", async ({ skipped, open }) => {
  if (skipped) {
    it.skip(skipped, () => {});
    return;
  }

  it("leaves no byte of the uploads it was enrolled from, nor of its embedding, and others as they are", async () => {
    let hold = false;
    const engine = realEngine();
    const api = await start({
      ...(await open(atEnd)),
      engine: { ...engine, analyse: (...args) => (hold ? new Promise(() => {}) : engine.analyse(...args)) },
    });
    const [audrey, connery, franck] = await Promise.all(
      ["audrey.jpg", "SeanConnery.jpg", "franck_01829.jpg"].map(photo),
    );
    const upload = async (image: Buffer) =>
      (await api.call("POST", "/v1/uploads", { body: form([["input_image", image]]) })).body
        .upload_id as string;
    const [first, added, other] = [await upload(audrey!), await upload(connery!), await upload(franck!)];
    const { identity_id: id } = await api.run("POST", IDENTITY, [["input_images", first]]);
    await api.run("PUT", IDENTITY, [
      ["identity_id", id],
      ["input_images", added],
    ]);
    const { identity_id: kept } = await api.run("POST", IDENTITY, [["input_images", other]]);
    // One that is in work, with a photo of its own beside the upload.
    hold = true;
    const { body } = await api.call("POST", IDENTITY, {
      body: form([
        ["input_images", first],
        ["input_images", await photo("cage.jpg")],
      ]),
    });
    // Words of its own: flat parts and tables look alike in many photos.
    const ownWords = (image: Buffer) => {
      const words = Array.from({ length: 1_000 }, (_, i) =>
        image.subarray(-8_100 + 8 * i, -8_100 + 8 * (i + 1)),
      );
      return new Uint8Array(
        Buffer.concat(words.filter((word) => image === franck || !franck!.includes(word))),
      );
    };
    const gone = [audrey!, connery!, await photo("cage.jpg")].map(ownWords);
    for (const image of gone) expect(wordsIn(api.directory, image)).toBeGreaterThan(990);
    const { faces } = await engine.analyse(new Uint8Array(audrey!));
    const embedding = new Uint8Array(faces.find(({ principal }) => principal)!.embedding!.values.buffer);

    expect((await api.call("DELETE", `${IDENTITY}?identity_id=${id}`)).status).toBe(204);
    await api.storage.settle();
    for (const secret of [...gone, embedding]) expect(wordsIn(api.directory, secret)).toBe(0);
    expect(wordsIn(api.directory, ownWords(franck!))).toBeGreaterThan(990);
    expect((await api.call("GET", `/v1/identities/${kept}`)).status).toBe(200);
    const job = await api.done(IDENTITY, body.job_id);
    expect([job.status, job.error]).toEqual(["Failed", expect.stringContaining("erased")]);
    for (const uploadId of [first, added])
      expect((await api.call("POST", IDENTITY, { body: form([["input_images", uploadId]]) })).status).toBe(
        404,
      );
  });
});
