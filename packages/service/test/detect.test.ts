import { describe, expect, it } from "vitest";
import { form, keys, photo, start } from "./fixture.ts";
import { grey } from "./pictures.ts";

describe("POST /v1/detect", async () => {
  const api = await start();
  const [group, cup] = await Promise.all([photo("sample1.jpg"), photo("franck_01829.jpg")]);
  const detect = async (image: Buffer) => {
    const { status, body } = await api.call("POST", "/v1/detect", { body: form([["input_image", image]]) });
    expect(status).toBe(200);
    expect(keys(body)).toEqual(["job_id"]);
    return (await api.call("GET", `/v1/jobs/${body.job_id}?wait=30`)).body;
  };

  it("answers every face of a photo, largest first, with box, five landmarks, confidence and quality", async () => {
    const job = await detect(group);
    expect(job).toMatchObject({ kind: "detect", status: "Succeeded" });
    const { images, faces } = job.result;
    expect(faces.length).toBeGreaterThan(2);
    expect(images).toHaveLength(1);
    expect(images[0].faces).toHaveLength(faces.length);
    for (const face of faces) {
      expect(keys(face).toSorted()).toEqual(["box", "confidence", "landmarks", "quality"]);
      expect(keys(face.landmarks)).toHaveLength(5);
      expect(face.confidence).toBeGreaterThan(0);
      expect(face.box.x).toBeLessThan(images[0].width);
      expect(face.quality.reasons).toBeInstanceOf(Array);
    }
    const areas = faces.map(({ box }: { box: { width: number; height: number } }) => box.width * box.height);
    expect(areas).toEqual([...areas].sort((a: number, b: number) => b - a));
  });

  it("uses none of the faces, and keeps and compares nothing", async () => {
    const job = await detect(cup);
    expect(job.result.images[0].faces.map(({ used }: { used: boolean }) => used)).toEqual([false]);
    expect(job.identity_id).toBeUndefined();
    expect((await api.call("GET", "/v1/identities")).body.identities).toEqual([]);
    expect(JSON.stringify(job)).not.toContain("embedding");
  });

  it("succeeds with no face where there is none", async () => {
    expect(await detect(await grey())).toMatchObject({ status: "Succeeded", result: { faces: [] } });
  });

  it("refuses two photos, and no photo, saying what is wanted", async () => {
    const two = form([
      ["input_image", cup],
      ["input_image", cup],
    ]);
    expect(await api.call("POST", "/v1/detect", { body: two })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("at most 1") },
    });
    expect(await api.call("POST", "/v1/detect", { body: form([["x", "1"]]) })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("input_image") },
    });
  });
});
