import { createHash } from "node:crypto";
import { appendFile, cp, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { form, FRANCK, login, photo, photoPath, type Api, type Json } from "./api.ts";
import { run, startServer, temporaryDirectory, type RunningServer } from "./command.ts";

const IDENTITY = "/innovation-service/identity";

let data: string;
let server: RunningServer;
let api: Api;
beforeAll(async () => {
  data = await temporaryDirectory();
  server = await startServer(data, ["--demo"]);
  api = await login(server.url, server);
});

/** A folder of people, and the state that is kept of it. */
async function importOf(...people: string[]) {
  const [folder, state] = [await temporaryDirectory(), await temporaryDirectory()];
  const add = async (person: string, name: string) => {
    await mkdir(join(folder, person), { recursive: true });
    await cp(photoPath(name), join(folder, person, name));
  };
  for (const person of people) await add(person, FRANCK[0]!);
  const enrol = async (...options: string[]): Promise<Json> => {
    const where = ["--url", server.url, "--data", data, "--state", state];
    const { stdout, stderr } = await run(["enrol", folder, ...where, ...options, "--json"]);
    if (stderr !== "") throw new Error(stderr);
    return JSON.parse(stdout);
  };
  /** As an earlier run that was killed has left it. */
  const leave = async (...events: object[]) => {
    const [journal] = await readdir(state);
    for (const event of events)
      await appendFile(join(state, journal!), `${JSON.stringify({ ...event, at: Date.now() })}\n`);
  };
  return { add, enrol, leave };
}

const facesOf = async (collection: string): Promise<Json> =>
  Object.fromEntries(
    (await api.call("GET", `/v1/identities?collection=${collection}`)).body.identities.map((one: Json) => [
      one.external_id,
      one.faces.length,
    ]),
  );

const json = (method: string, path: string, body: object) =>
  api.call(method, path, new Blob([JSON.stringify(body)], { type: "application/json" }));

const hashOf = async (name: string) =>
  createHash("sha256")
    .update(await readFile(photoPath(name)))
    .digest("hex");

describe("enrol, of a folder that was enrolled before", () => {
  it("enrols everybody in a second collection, and in one created again under the same name", async () => {
    const { enrol } = await importOf("Franck");
    await json("POST", "/v1/collections", { name: "first" });
    await json("POST", "/v1/collections", { name: "second" });
    expect(await enrol("--collection", "first")).toMatchObject({ enrolled: 1, already: 0 });
    expect(await enrol("--collection", "second")).toMatchObject({ enrolled: 1, already: 0 });
    await api.call("DELETE", "/v1/collections/first");
    await json("POST", "/v1/collections", { name: "first" });
    expect(await enrol("--collection", "first")).toMatchObject({ enrolled: 1, already: 0 });
    expect([await facesOf("first"), await facesOf("second")]).toEqual([{ Franck: 1 }, { Franck: 1 }]);
  });

  it("goes on in a collection that was renamed, and enrols everybody in one that took over its name", async () => {
    const { add, enrol } = await importOf("Franck");
    await json("POST", "/v1/collections", { name: "guests" });
    await enrol("--collection", "guests");
    const { body } = await json("PATCH", "/v1/collections/guests", { name: "visitors" });
    await json("POST", "/v1/collections", { name: "guests" });

    await add("Franck", FRANCK[1]!);
    expect(await enrol("--collection", "visitors")).toMatchObject({ enrolled: 1, already: 1 });
    expect(await enrol("--collection", body.collection_id)).toMatchObject({ enrolled: 0, already: 2 });
    expect(await enrol("--collection", "guests")).toMatchObject({ enrolled: 2, already: 0 });
    expect([await facesOf("visitors"), await facesOf("guests")]).toEqual([{ Franck: 2 }, { Franck: 2 }]);
  });

  it("goes on in `default`, whether that is named or not, and says that a collection is not there", async () => {
    const { add, enrol } = await importOf("Nobody else");
    expect(await enrol()).toMatchObject({ enrolled: 1 });
    await add("Nobody else", FRANCK[1]!);
    expect(await enrol("--collection", "default")).toMatchObject({ enrolled: 1, already: 1 });
    await expect(enrol("--collection", "missing")).rejects.toThrow("no collection has the id missing");
  });

  it("sends no photo twice when more than a hundred jobs came after the one that was cut short", async () => {
    const { add, enrol, leave } = await importOf("Busy");
    const { identity_id: identityId } = (await enrol()).files[0];
    const addImage = async (image: Blob, to: string): Promise<string> => {
      const sent = form({ field: "input_images", blobs: [image] }, { identity_id: to });
      return (await api.call("PUT", IDENTITY, sent)).body.job_id;
    };
    await leave({ event: "sending", person: "Busy", photos: [await hashOf(FRANCK[1]!)], identityId });
    await api.end(IDENTITY, await addImage(await photo(FRANCK[1]!), identityId));
    const { files } = await (await importOf("Another")).enrol();
    const grey = sharp({ create: { width: 64, height: 64, channels: 3, background: "grey" } });
    const wall = new Blob([new Uint8Array(await grey.jpeg().toBuffer())]);
    for (let index = 0; index < 110; index += 1) await addImage(wall, files[0].identity_id);

    await add("Busy", FRANCK[1]!);
    expect(await enrol()).toMatchObject({ enrolled: 0, already: 2 });
    expect((await facesOf("default"))["Busy"]).toBe(2);
  });

  it("sends what is left of a person whose job the server has forgotten", async () => {
    const { add, enrol, leave } = await importOf("Somebody");
    await enrol();
    const late = form({ field: "input_images", blobs: [await photo(FRANCK[1]!)] }, { external_id: "Late" });
    await api.end(IDENTITY, (await api.call("POST", "/v1/identities", late)).body.job_id);
    await leave(
      { event: "sending", person: "Late", photos: [await hashOf(FRANCK[1]!)] },
      { event: "sent", person: "Late", jobId: "of-last-month", kind: "enrol" },
    );
    await add("Late", FRANCK[1]!);
    await add("Late", FRANCK[2]!);
    expect(await enrol()).toMatchObject({ enrolled: 1, already: 2 });
    expect((await facesOf("default"))["Late"]).toBe(2);
  });
});

describe("enrol, of a folder that shows two people", () => {
  it("lets nobody in one by one whom a guard rejects together, and says of each photo that a guard warns of", async () => {
    const { add, enrol } = await importOf("Both");
    await add("Both", "audrey.jpg");
    await json("POST", "/v1/collections", { name: "strict", settings: { guard_mixed: "reject" } });
    const refused = await enrol("--collection", "strict");
    expect(refused).toMatchObject({ enrolled: 0, failed: 2 });
    for (const { reason } of refused.files) expect(reason).toContain("different people");
    expect(await facesOf("strict")).toEqual({});
    await json("POST", "/v1/collections", { name: "lenient" });
    const warned = await enrol("--collection", "lenient");
    expect(warned).toMatchObject({ enrolled: 2, failed: 0, warned: 2 });
    for (const { warnings } of warned.files) expect(warnings.join()).toContain("different people");
  });
});
