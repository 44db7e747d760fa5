import { describe, expect, it } from "vitest";
import { type Fields, type Fixture, form, photo, start } from "./fixture.ts";

const IDENTITY = "/innovation-service/identity";

async function enrol(api: Fixture, name: string, fields: [string, string][] = []): Promise<string> {
  const body = form([...fields, ["input_images", await photo(name)]]);
  const started = await api.call("POST", "/v1/identities", { body });
  expect(started.status).toBe(200);
  return (await api.done(IDENTITY, started.body.job_id)).identity_id as string;
}

async function jobOf(api: Fixture, route: string, fields: Fields) {
  const started = await api.call("POST", route, { body: form(fields) });
  if (started.status !== 200) return started;
  return api.call("GET", `/v1/jobs/${started.body.job_id}?wait=30`);
}

describe("collections", () => {
  it("are made, listed, read, renamed and deleted by id or by name", async () => {
    const api = await start();
    const made = await api.call("POST", "/v1/collections", {
      json: { name: "Staff Ω", settings: { keep_crops: true } },
    });
    expect(made).toMatchObject({
      status: 201,
      body: {
        name: "Staff Ω",
        settings: { keep_crops: true, guard_mixed: "warn", guard_duplicate: "warn" },
        identities: 0,
        faces: 0,
      },
    });
    const id = made.body.collection_id;
    const named = `/v1/collections/${encodeURIComponent("Staff Ω")}`;
    expect((await api.call("GET", named)).body).toEqual(made.body);
    expect((await api.call("GET", "/v1/collections")).body.collections).toMatchObject([
      { name: "Staff Ω" },
      { name: "default" },
    ]);
    expect(
      (
        await api.call("PATCH", named, {
          json: { name: "crew", settings: { guard_mixed: "reject" } },
        })
      ).body,
    ).toMatchObject({
      collection_id: id,
      name: "crew",
      settings: { keep_crops: true, guard_mixed: "reject" },
    });
    expect((await api.call("DELETE", `/v1/collections/${id}`)).status).toBe(204);
    expect((await api.call("GET", "/v1/collections/crew")).status).toBe(404);
    expect((await api.call("DELETE", `/v1/collections/${id}`)).status).toBe(404);
  });

  it("refuse what cannot be, in words", async () => {
    const api = await start();
    await api.call("POST", "/v1/collections", { json: { name: "staff" } });
    for (const [method, path, json, status, words] of [
      ["POST", "/v1/collections", { name: "staff" }, 409, "this name"],
      ["POST", "/v1/collections", { name: "default" }, 409, "this name"],
      ["POST", "/v1/collections", { name: "" }, 400, "name"],
      ["POST", "/v1/collections", { name: "a/b" }, 400, "name"],
      ["POST", "/v1/collections", { name: ".." }, 400, "name"],
      ["POST", "/v1/collections", { name: "a\u001bb" }, 400, "name"],
      ["POST", "/v1/collections", { name: "x".repeat(65) }, 400, "64"],
      ["POST", "/v1/collections", { name: 7 }, 400, "name"],
      ["POST", "/v1/collections", { name: "n", settings: { keep_crops: "yes" } }, 400, "keep_crops"],
      ["PATCH", "/v1/collections/default", { name: "main" }, 409, "default"],
      ["PATCH", "/v1/collections/staff", { name: "default" }, 409, "this name"],
      ["PATCH", "/v1/collections/nobody", { name: "x" }, 404, "nobody"],
      ["DELETE", "/v1/collections/default", undefined, 409, "identities instead"],
      ["DELETE", "/v1/collections/nobody", undefined, 404, "nobody"],
    ] as const) {
      const answer = await api.call(method, path, json ? { json } : {});
      expect([method, path, answer.status]).toEqual([method, path, status]);
      expect(answer.body.message).toContain(words);
    }
  });

  it("are galleries of their own: nobody of one is found, confirmed or changed through another", async () => {
    const api = await start();
    await api.call("POST", "/v1/collections", { json: { name: "staff" } });
    const guest = await enrol(api, "audrey.jpg", [["external_id", "x"]]);
    const staff = await enrol(api, "cage.jpg", [
      ["external_id", "x"],
      ["collection", "staff"],
    ]);
    expect((await api.call("GET", "/v1/identities")).body.identities).toMatchObject([{ identity_id: guest }]);
    expect(
      (await api.call("GET", "/v1/identities?collection=staff&external_id=x")).body.identities,
    ).toMatchObject([{ identity_id: staff }]);
    expect((await api.call("GET", "/v1/identities?collection=nobody")).status).toBe(404);

    const connery = await photo("cage.jpg");
    const found = async (route: string, ...fields: [string, string][]) => {
      const { body } = await jobOf(api, route, [...fields, ["input_image", connery]]);
      const lists = body.result.candidates ?? body.result.faces[0].candidates;
      return lists.map((one: { identity_id: string }) => one.identity_id);
    };
    expect(await found("/v1/search")).toEqual([guest]);
    expect(await found(`${IDENTITY}/search`)).toEqual([guest]);
    expect(await found("/v1/search", ["collection", "staff"])).toEqual([staff]);
    expect(await found("/v1/identify")).toEqual([guest]);
    expect(await found("/v1/identify", ["collection", "staff"])).toEqual([staff]);

    const recognise = (route: string, ...fields: [string, string][]) =>
      jobOf(api, route, [["identity_id", staff], ...fields, ["input_image", connery]]);
    expect((await recognise("/v1/recognize")).body.result.match.recognition).toBe(true);
    expect((await recognise("/v1/recognize", ["collection", "staff"])).body.status).toBe("Succeeded");
    expect((await recognise("/v1/recognize", ["collection", "default"])).status).toBe(404);
    expect((await recognise("/v1/recognize", ["collection", "nobody"])).status).toBe(404);
    // The documented routes know `default` only.
    expect((await recognise(`${IDENTITY}/recognize`)).status).toBe(404);
    expect((await recognise(`${IDENTITY}/recognize`, ["collection", "staff"])).status).toBe(404);
    const added = form([
      ["identity_id", staff],
      ["input_images", connery],
    ]);
    expect((await api.call("PUT", IDENTITY, { body: added })).status).toBe(404);
    expect((await api.call("DELETE", `${IDENTITY}?identity_id=${staff}`)).status).toBe(404);

    expect((await api.call("POST", "/v1/faces", { body: added })).status).toBe(200);
    expect(
      (await api.call("DELETE", "/v1/identities", { json: { identity_id: [staff, "no"] } })).status,
    ).toBe(404);
    expect(
      (await api.call("DELETE", "/v1/identities", { json: { identity_id: [staff, guest] } })).status,
    ).toBe(204);
    expect((await api.call("GET", "/v1/account")).body).toMatchObject({ identities: 0, faces: 0 });
  });

  it("have settings that hold for their people alone", async () => {
    const api = await start();
    await api.call("POST", "/v1/collections", {
      json: { name: "strict", settings: { keep_crops: true, guard_mixed: "reject" } },
    });
    const two = async (...fields: [string, string][]) =>
      (
        await jobOf(api, "/v1/identities", [
          ...fields,
          ["input_images", await photo("audrey.jpg")],
          ["input_images", await photo("cage.jpg")],
        ])
      ).body;
    expect(await two()).toMatchObject({ status: "Succeeded" });
    expect(await two(["collection", "strict"])).toMatchObject({
      status: "Failed",
      error: expect.stringContaining("different people"),
    });
    const kept = await enrol(api, "audrey.jpg", [["collection", "strict"]]);
    const { faces } = (await api.call("GET", `/v1/identities/${kept}`)).body;
    expect(faces[0].has_crop).toBe(true);
    expect((await api.call("GET", `/v1/faces/${faces[0].face_id}/crop`)).status).toBe(200);
  });

  it("of another account are unknown ones on every route and in every field", async () => {
    const api = await start();
    const made = await api.call("POST", "/v1/collections", { json: { name: "staff" } });
    const id = made.body.collection_id;
    const theirs = await enrol(api, "audrey.jpg", [["collection", id]]);
    const { token } = await api.otherAccount();
    const stranger = {
      call: (method: string, path: string, options: object = {}) =>
        api.call(method, path, { ...options, token }),
    };
    for (const named of [id, "staff"]) {
      const path = `/v1/collections/${named}`;
      expect((await stranger.call("GET", path)).status).toBe(404);
      expect((await stranger.call("PATCH", path, { json: { name: "mine" } })).status).toBe(404);
      expect((await stranger.call("DELETE", path)).status).toBe(404);
      expect((await stranger.call("GET", `/v1/identities?collection=${named}`)).status).toBe(404);
      for (const [route, field] of [
        ["/v1/identities", "input_images"],
        ["/v1/search", "input_image"],
        ["/v1/identify", "input_image"],
      ] as const) {
        const body = form([
          ["collection", named],
          [field, await photo("audrey.jpg")],
        ]);
        expect([route, (await stranger.call("POST", route, { body })).status]).toEqual([route, 404]);
      }
    }
    for (const route of ["/v1/recognize", "/v1/faces"]) {
      const field = route === "/v1/faces" ? "input_images" : "input_image";
      const body = form([
        ["identity_id", theirs],
        [field, await photo("audrey.jpg")],
      ]);
      expect([route, (await stranger.call("POST", route, { body })).status]).toEqual([route, 404]);
    }
    expect((await stranger.call("DELETE", "/v1/identities", { json: { identity_id: theirs } })).status).toBe(
      404,
    );
    expect((await stranger.call("GET", "/v1/collections")).body.collections).toHaveLength(1);
    expect((await api.call("GET", "/v1/collections/staff")).body).toMatchObject({ identities: 1 });
  });

  it("go with all their people, and a search that named them forgets them", async () => {
    const api = await start();
    await api.call("POST", "/v1/collections", { json: { name: "staff" } });
    const gone = await enrol(api, "audrey.jpg", [["collection", "staff"]]);
    const { body: search } = await jobOf(api, "/v1/search", [
      ["collection", "staff"],
      ["input_image", await photo("audrey.jpg")],
    ]);
    expect(search.result.candidates).toHaveLength(1);
    expect((await api.call("DELETE", "/v1/collections/staff")).status).toBe(204);
    expect((await api.call("GET", `/v1/identities/${gone}`)).status).toBe(404);
    expect((await api.call("GET", `/v1/jobs/${search.job_id}`)).body.result.candidates).toEqual([]);
    expect((await api.call("GET", "/v1/account")).body).toMatchObject({ identities: 0, faces: 0 });
    expect((await api.call("POST", "/v1/collections", { json: { name: "staff" } })).status).toBe(201);
  });
});
