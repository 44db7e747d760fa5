import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { type Fields, type Fixture, form, photo, start } from "./fixture.ts";

const LEVELS = ["guard_quality", "guard_mixed", "guard_wrong_person", "guard_duplicate"] as const;

interface Ended {
  status: string;
  error?: string;
  identity_id: string;
  result?: {
    warnings?: { guard: string; images: number[]; message: string; identity_id?: string; score?: number }[];
  };
  job_id: string;
}

const send = async (api: Fixture, route: string, fields: Fields): Promise<Ended> =>
  (await api.call("POST", `${route}?wait=30`, { body: form(fields) })).body;

const images = (...photos: Buffer[]): Fields => photos.map((one) => ["input_images", one]);

const blurred = async (): Promise<Buffer> =>
  sharp(await photo("cage.jpg"))
    .blur(7)
    .jpeg()
    .toBuffer();

describe("guards at enrolment", () => {
  it("say nothing of good photos of one new person", async () => {
    const api = await start();
    const { status, result } = await send(
      api,
      "/v1/identities",
      images(await photo("franck_01829.jpg"), await photo("franck_04000.jpg")),
    );
    expect(status).toBe("Succeeded");
    expect(result).not.toHaveProperty("warnings");
  });

  it("warn of a poor photo, naming it and what is wrong with it", async () => {
    const api = await start();
    const { status, result } = await send(
      api,
      "/v1/identities",
      images(await photo("cage.jpg"), await blurred()),
    );
    expect(status).toBe("Succeeded");
    expect(result!.warnings).toEqual([
      {
        guard: "quality",
        images: [2],
        message: expect.stringMatching(/^image 2: .*blurred.*; use a better photo$/),
      },
    ]);
  });

  it("warn of a person who is enrolled already, with who and how sure, and not in another collection", async () => {
    const api = await start();
    const first = await send(api, "/v1/identities", images(await photo("franck_01829.jpg")));
    const { result } = await send(
      api,
      "/v1/identities",
      images(await photo("audrey.jpg"), await photo("franck_04000.jpg")),
    );
    const found = result!.warnings!.find(({ guard }) => guard === "duplicate")!;
    expect(found).toMatchObject({ images: [2], identity_id: first.identity_id });
    expect(found.message).toContain("the person in image 2 may be enrolled already");
    expect(found.score).toBeGreaterThanOrEqual(0.95);
    await api.call("POST", "/v1/collections", { json: { name: "other" } });
    const elsewhere = await send(api, "/v1/identities", [
      ["collection", "other"],
      ...images(await photo("franck_04000.jpg")),
    ]);
    expect(elsewhere.result).not.toHaveProperty("warnings");
  });

  it("warn of an added photo of somebody else, and of whom it shows, not of the person itself", async () => {
    const api = await start();
    const [franck, audrey] = [
      await send(api, "/v1/identities", images(await photo("franck_01829.jpg"))),
      await send(api, "/v1/identities", images(await photo("audrey.jpg"))),
    ];
    const { result } = await send(api, "/v1/faces", [
      ["identity_id", franck.identity_id],
      ...images(await photo("franck_04000.jpg"), await photo("audrey.jpg")),
    ]);
    expect(result!.warnings).toEqual([
      {
        guard: "wrong_person",
        images: [2],
        message: expect.stringMatching(/^image 2 may show another person than the identity's/),
      },
      {
        guard: "duplicate",
        images: [2],
        message: expect.stringContaining("enrolled as another identity"),
        identity_id: audrey.identity_id,
        score: expect.closeTo(1, 2),
      },
    ]);
  });

  it("fail a job that adds a photo of somebody else where guard_wrong_person says reject, say nothing where it says off", async () => {
    const api = await start();
    const { identity_id } = await send(api, "/v1/identities", images(await photo("franck_01829.jpg")));
    const add = async (level: string) => {
      await api.call("PATCH", "/v1/collections/default", {
        json: { settings: { guard_wrong_person: level } },
      });
      return send(api, "/v1/faces", [["identity_id", identity_id], ...images(await photo("audrey.jpg"))]);
    };
    expect(await add("reject")).toMatchObject({
      status: "Failed",
      error: expect.stringContaining("another person"),
    });
    const quiet = await add("off");
    expect(quiet.status).toBe("Succeeded");
    expect(quiet.result).not.toHaveProperty("warnings");
  });

  it.each([
    ["guard_quality", "blurred"],
    ["guard_mixed", "different people"],
    ["guard_duplicate", "enrolled already"],
  ] as const)("fail the job where %s says reject, say nothing where it says off", async (name, words) => {
    const api = await start();
    const set = (level: string) =>
      api.call("PATCH", "/v1/collections/default", {
        json: { settings: Object.fromEntries(LEVELS.map((one) => [one, one === name ? level : "off"])) },
      });
    await set("off");
    await send(api, "/v1/identities", images(await photo("cage.jpg")));
    const bad = {
      guard_quality: images(await blurred()),
      guard_mixed: images(await photo("audrey.jpg"), await photo("SeanConnery.jpg")),
      guard_duplicate: images(await photo("cage.jpg")),
    }[name];
    const quiet = await send(api, "/v1/identities", bad);
    expect([quiet.status, quiet.result]).toEqual([
      "Succeeded",
      expect.not.objectContaining({ warnings: expect.anything() }),
    ]);
    await api.call("DELETE", "/v1/identities", { json: { identity_id: [quiet.identity_id] } });
    await set("reject");
    const refused = await send(api, "/v1/identities", bad);
    expect(refused).toMatchObject({ status: "Failed", error: expect.stringContaining(words) });
    expect((await api.call("GET", "/v1/account")).body.identities).toBe(1);
  });

  it("name nobody any more who has been erased since", async () => {
    const api = await start();
    const first = await send(api, "/v1/identities", images(await photo("franck_01829.jpg")));
    const second = await send(api, "/v1/identities", images(await photo("franck_04000.jpg")));
    expect(second.result!.warnings).toMatchObject([{ guard: "duplicate", identity_id: first.identity_id }]);
    await api.call("DELETE", "/v1/identities", { json: { identity_id: [first.identity_id] } });
    const { body } = await api.call("GET", `/v1/jobs/${second.job_id}`);
    expect(body.status).toBe("Succeeded");
    expect(JSON.stringify(body)).not.toContain(first.identity_id);
  });

  it("refuse a level that is none, naming it", async () => {
    const api = await start();
    const { status, body } = await api.call("PATCH", "/v1/collections/default", {
      json: { settings: { guard_mixed: "perhaps" } },
    });
    expect(status).toBe(400);
    expect(JSON.stringify(body.message)).toContain("guard_mixed");
    expect(JSON.stringify(body)).not.toContain("perhaps");
  });
});
