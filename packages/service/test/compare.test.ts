import { describe, expect, it } from "vitest";
import { form, photo, start } from "./fixture.ts";
import { grey } from "./pictures.ts";

describe("POST /v1/compare", async () => {
  const api = await start();
  const [franck, later, audrey, group] = await Promise.all(
    ["franck_01829.jpg", "franck_04000.jpg", "audrey.jpg", "sample1.jpg"].map(photo),
  );
  const compare = async (...images: Buffer[]) => {
    const body = form(images.map((image) => ["input_images", image]));
    const answer = await api.call("POST", "/v1/compare", { body });
    if (answer.status !== 200) return answer.body;
    return (await api.call("GET", `/v1/jobs/${answer.body.job_id}?wait=30`)).body;
  };

  it("calls two photos of one person a match, and says how often a stranger comes so near", async () => {
    const { status, result } = await compare(franck!, later!);
    expect(status).toBe("Succeeded");
    expect(result.images).toHaveLength(2);
    expect(result.faces).toHaveLength(1);
    expect(result.faces[0]).toMatchObject({ decision: "match" });
    expect(result.faces[0].score).toBeGreaterThanOrEqual(0.95);
    expect(result.faces[0].fmr).toBeLessThanOrEqual(7e-4);
    expect(result.faces[0].cosine).toBeGreaterThan(0.381);
  });

  it("calls two people unknown to each other", async () => {
    const { result } = await compare(franck!, audrey!);
    expect(result.faces[0].decision).toBe("unknown");
    expect(result.faces[0].fmr).toBeGreaterThan(5.9e-3);
  });

  it("compares the chosen face of the first with every clear face of the second, itself among them", async () => {
    const { result } = await compare(group!, group!);
    expect(result.faces.length).toBeGreaterThan(2);
    const matches = result.faces.filter(({ decision }: { decision: string }) => decision === "match");
    expect(matches).toHaveLength(1);
    expect(matches[0].box).toEqual(result.face.box);
    const used = result.images[0].faces.filter((face: { used: boolean }) => face.used);
    expect(used.map(({ box }: { box: object }) => box)).toEqual([result.face.box]);
  });

  it("needs two photos, each with a face", async () => {
    expect(await compare(franck!)).toMatchObject({
      statusCode: 400,
      message: expect.stringContaining("2 images"),
    });
    expect(await compare(franck!, await grey())).toMatchObject({
      status: "Failed",
      error: expect.stringContaining("image 2: no face found"),
    });
  });

  it("enrols nobody", async () => {
    expect((await api.call("GET", "/v1/identities")).body.identities).toEqual([]);
  });
});
