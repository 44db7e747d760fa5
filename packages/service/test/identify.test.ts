import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { form, keys, photo, start, type Fields } from "./fixture.ts";
import { beside } from "./pictures.ts";

const IDENTITY = "/innovation-service/identity";

interface Face {
  box: { x: number; y: number; width: number; height: number };
  decision: string;
  identity_id?: string;
  score?: number;
  candidates: { identity_id: string; score: number; margin?: number }[];
}

describe("POST /v1/identify", async () => {
  const api = await start();
  const [franck, later, audrey, connery] = await Promise.all(
    ["franck_01829.jpg", "franck_04000.jpg", "audrey.jpg", "SeanConnery.jpg"].map(photo),
  );
  const people: Record<string, string> = {};
  const identify = async (image: Buffer, more: Fields = []) => {
    const body = form([["input_image", image], ...more]);
    const answer = await api.call("POST", "/v1/identify", { body });
    if (answer.status !== 200) return answer.body;
    return (await api.call("GET", `/v1/jobs/${answer.body.job_id}?wait=30`)).body;
  };

  beforeAll(async () => {
    for (const [name, image] of Object.entries({ franck, audrey }))
      people[name] = (await api.run("POST", IDENTITY, [["input_images", image!]])).identity_id;
  });

  it("says who everybody in a photo is, and that a stranger is unknown", async () => {
    const { status, kind, result } = await identify(await beside(later!, audrey!, connery!));
    expect([status, kind]).toEqual(["Succeeded", "identify"]);
    expect(result.faces).toHaveLength(3);
    const byPlace = (result.faces as Face[]).toSorted((a, b) => a.box.x - b.box.x);
    expect(byPlace.map(({ decision }) => decision)).toEqual(["match", "match", "unknown"]);
    expect(byPlace.map(({ identity_id }) => identity_id)).toEqual([
      people["franck"],
      people["audrey"],
      undefined,
    ]);
    expect(keys(byPlace[2]!)).not.toContain("score");
    for (const { candidates } of byPlace) {
      expect(candidates).toHaveLength(2);
      expect(candidates[0]!.margin).toBeCloseTo(candidates[0]!.score - candidates[1]!.score, 9);
    }
    const areas = (result.faces as Face[]).map(({ box }) => box.width * box.height);
    expect(areas).toEqual(areas.toSorted((a, b) => b - a));
  });

  it("gives a person to one face of a photo only: the one that shows them best", async () => {
    const { result } = await identify(await beside(franck!, later!));
    const faces = (result.faces as Face[]).toSorted((a, b) => a.box.x - b.box.x);
    expect(faces.map(({ identity_id }) => identity_id)).toEqual([people["franck"], undefined]);
    expect(faces[1]!.decision).toBe("unknown");
    expect(faces[1]!.candidates[0]!.identity_id).toBe(people["franck"]);
  });

  it("says of a face that is too unclear that it is unknown, and why", async () => {
    const small = await sharp(franck).resize({ width: 44 }).png().toBuffer();
    const mosaic = await sharp(small).resize({ width: 600, kernel: "nearest" }).jpeg().toBuffer();
    const { result } = await identify(mosaic);
    for (const face of result.faces) {
      expect(face.decision).toBe("unknown");
      expect(face.quality.reasons.length).toBeGreaterThan(0);
      for (const { score } of face.candidates) expect(score).toBeLessThanOrEqual(0.85);
    }
    const recognised = await api.run("POST", `${IDENTITY}/recognize`, [
      ["identity_id", people["franck"]!],
      ["input_image", mosaic],
    ]);
    if (recognised.results) expect(recognised.results.recognition).toBe(false);
  });

  it("looks at the largest clear face alone where that is asked for, and lists as many as asked for", async () => {
    const { result } = await identify(await beside(later!, audrey!), [
      ["faces", "largest"],
      ["max_candidates", "1"],
    ]);
    expect(result.faces).toHaveLength(1);
    expect(result.images[0].faces).toHaveLength(2);
    expect(result.images[0].faces.filter(({ used }: { used: boolean }) => used)).toHaveLength(1);
    expect(result.faces[0].candidates).toHaveLength(1);
  });

  it("refuses what it does not know, naming the field", async () => {
    for (const [name, value] of [
      ["faces", "some"],
      ["max_candidates", "0"],
      ["max_candidates", "101"],
      ["max_candidates", "1.5"],
      ["max_candidates", ""],
    ] as const) {
      const { statusCode, message } = await identify(franck!, [[name, value]]);
      expect([name, value, statusCode]).toEqual([name, value, 400]);
      expect(message).toContain(name);
    }
  });

  it("names nobody of another account", async () => {
    const { token } = await api.otherAccount();
    const { body } = await api.call("POST", "/v1/identify", {
      token,
      body: form([["input_image", franck!]]),
    });
    const job = (await api.call("GET", `/v1/jobs/${body.job_id}?wait=30`, { token })).body;
    expect(job.result.faces).toMatchObject([{ decision: "unknown", candidates: [] }]);
  });

  it("forgets whom it named once they are erased", async () => {
    const { identity_id } = await api.run("POST", IDENTITY, [["input_images", connery!]]);
    const { job_id, result } = await identify(await beside(later!, connery!));
    expect(JSON.stringify(result)).toContain(identity_id);
    await api.call("DELETE", `${IDENTITY}?identity_id=${identity_id}`);
    const after = (await api.call("GET", `/v1/jobs/${job_id}`)).body;
    expect(JSON.stringify(after)).not.toContain(identity_id);
    expect(after.result.faces).toHaveLength(2);
    expect(after.result.faces.map(({ decision }: Face) => decision).toSorted()).toEqual(["match", "unknown"]);
  });
});
