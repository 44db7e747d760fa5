import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { recogniser } from "../../models/src/index.ts";
import type { IdentifyResult, SearchResult } from "@prosopon/core/contract";
import { beforeAll, describe, expect, it } from "vitest";
import { openSqliteStorage } from "../src/storage/sqlite/open.ts";
import { atEnd, type Fixture, form, photo, start } from "./fixture.ts";
import { embedding, enrol, face, newAccount } from "./storage/samples.ts";

const CROWD = 2_000;

describe("scores of searches", () => {
  let api: Fixture;
  let person: Record<"few" | "default", string>;

  beforeAll(async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "prosopon-scores-"));
    atEnd(() => rm(directory, { recursive: true }));
    const storage = await openSqliteStorage({ directory });
    atEnd(() => storage.close());
    const accountId = await newAccount(storage);
    await storage.recognisers.register(recogniser);
    // Faces of nobody, before any worker runs.
    const nobody = Array.from({ length: CROWD }, (_, at) =>
      face(at, { embedding: embedding(at, recogniser) }),
    );
    await enrol(storage, accountId, nobody);
    api = await start({ storage });
    const account = (await storage.accounts.byId(accountId))!;
    const { secretId } = await api.service.accounts.rotate(account.clientId);
    api.token = (await api.login(account.clientId, secretId)).body.token;
    await api.call("POST", "/v1/collections", { json: { name: "few" } });
    const enrolled = async (collection: string): Promise<string> => {
      const body = form([
        ["collection", collection],
        ["input_images", await photo("franck_01829.jpg")],
      ]);
      return (await api.call("POST", "/v1/identities?wait=30", { body })).body.identity_id;
    };
    person = { few: await enrolled("few"), default: await enrolled("default") };
  });

  const ask = async (route: string, collection: string) => {
    const body = form([
      ["collection", collection],
      ["input_image", await photo("franck_04000.jpg")],
    ]);
    return (await api.call("POST", `${route}?wait=30`, { body })).body.result;
  };

  it("are lower for the same cosine in a larger gallery, and its rate of strangers is higher", async () => {
    for (const [route, read] of [
      ["/v1/search", (result: SearchResult | IdentifyResult) => (result as SearchResult).candidates[0]!],
      [
        "/v1/identify",
        (result: SearchResult | IdentifyResult) => (result as IdentifyResult).faces[0]!.candidates[0]!,
      ],
    ] as const) {
      const [few, many] = [read(await ask(route, "few")), read(await ask(route, "default"))];
      expect([few.identity_id, many.identity_id]).toEqual([person.few, person.default]);
      expect(many.cosine).toBeCloseTo(few.cosine, 6);
      expect(many.score).toBeLessThan(few.score);
      expect(many.fpir).toBeGreaterThan(few.fpir);
      expect(many.fpir / few.fpir).toBeCloseTo(CROWD + 1, -1);
      expect([few.decision, many.decision]).toEqual(["match", "match"]);
    }
  });

  it("are explained by the calibration of each collection", async () => {
    const calibration = async (name: string) =>
      (await api.call("GET", `/v1/collections/${name}/calibration`)).body;
    const [few, many] = [await calibration("few"), await calibration("default")];
    expect([few.faces, many.faces]).toEqual([1, CROWD + 1]);
    expect(few).toMatchObject({
      recogniser: recogniser.id,
      thresholds: { recognized: 0.381, listed: 0.322 },
    });
    expect(many.thresholds.recognized).toBeGreaterThan(0.47);
    const at = (score: number) =>
      many.points.find((point: { score: number }) => Math.abs(point.score - score) < 1e-9);
    expect(at(0.95)).toMatchObject({ cosine: many.thresholds.recognized });
    expect(at(0.95).fpir).toBeCloseTo(0.01, 9);
    expect(at(0.85).fpir).toBeCloseTo(0.1, 9);
    const missing = await api.call("GET", "/v1/collections/none/calibration");
    expect(missing).toMatchObject({ status: 404, body: { message: expect.stringContaining("none") } });
  });
});
