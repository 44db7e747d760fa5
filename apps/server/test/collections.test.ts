import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { photoPath } from "./api.ts";
import { run, temporaryDirectory } from "./command.ts";
import { cp, mkdir } from "node:fs/promises";

describe("prosopon collections", () => {
  it("makes, lists, changes and deletes them, and enrols and searches in one", async () => {
    const directory = await temporaryDirectory();
    const data = ["--embedded", "--data", join(directory, "data"), "--json"];
    const photos = join(directory, "photos");
    await mkdir(join(photos, "audrey"), { recursive: true });
    await cp(photoPath("audrey.jpg"), join(photos, "audrey", "1.jpg"));
    const made = await run(["accounts", "create", "--data", join(directory, "data"), "--json"]);
    const { clientId, secretId } = JSON.parse(made.stdout);
    const env = { PROSOPON_CLIENT_ID: clientId, PROSOPON_SECRET_ID: secretId };
    const json = async (...words: string[]) => JSON.parse((await run([...words, ...data], { env })).stdout);

    expect(await json("collections", "create", "staff", "--keep-crops", "on")).toMatchObject({
      collections: [{ name: "staff", settings: { keep_crops: true, guard_mixed: "warn" } }],
    });
    const state = ["--state", join(directory, "state")];
    expect(await json("enrol", photos, "--collection", "staff", ...state)).toMatchObject({ enrolled: 1 });
    expect(await json("search", photoPath("audrey.jpg"))).toMatchObject({ results: [] });
    const found = await json("search", photoPath("audrey.jpg"), "--collection", "staff");
    expect(found.results).toMatchObject([{ external_id: "audrey" }]);
    const named = ["--external-id", "audrey", "--collection", "staff"];
    expect(await json("recognize", photoPath("audrey.jpg"), ...named)).toMatchObject({ recognition: true });
    // The same folder again, into `default`: other people.
    expect(await json("enrol", photos, ...state)).toMatchObject({ enrolled: 1, already: 0 });

    expect(await json("collections", "settings", "staff", "--guard-mixed", "reject")).toMatchObject({
      collections: [{ settings: { keep_crops: true, guard_mixed: "reject" } }],
    });
    expect((await json("collections", "list")).collections).toMatchObject([
      { name: "staff", identities: 1 },
      { name: "default", identities: 1 },
    ]);
    expect(await json("collections", "delete", "staff")).toMatchObject({ identities: 1 });
    const gone = await run(["search", photoPath("audrey.jpg"), "--collection", "staff", ...data], { env });
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining("no collection has the id staff")]);
  });
});
