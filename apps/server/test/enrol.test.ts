import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { FRANCK, login, photoPath, type Json } from "./api.ts";
import { begin, run, startServer, temporaryDirectory } from "./command.ts";

interface Summary {
  people: number;
  enrolled: number;
  already: number;
  failed: number;
  files: { person: string; file: string; status: string; reason?: string; identity_id?: string }[];
  ignored_files: string[];
}

async function folder(people: Record<string, string[]>): Promise<string> {
  const directory = await temporaryDirectory();
  for (const [person, photos] of Object.entries(people)) {
    await mkdir(join(directory, person));
    for (const photo of photos) await cp(photoPath(photo), join(directory, person, photo));
  }
  return directory;
}

const MORE_FRANCK = [...FRANCK, "franck_02045.jpg", "franck_02221.jpg", "franck_02888.jpg"];

describe("enrol", () => {
  it("enrols a folder of people, more than five photos too, and says what became of every file", async () => {
    const data = await temporaryDirectory();
    const server = await startServer(data, ["--demo"]);
    const state = await temporaryDirectory();
    const people = await folder({ Franck: MORE_FRANCK, "Audrey Hepburn": ["audrey.jpg"] });
    await writeFile(join(people, "Audrey Hepburn", "notes.txt"), "no photo");
    await writeFile(join(people, "Audrey Hepburn", "text.jpg"), "no photo either");
    await sharp({ create: { width: 300, height: 300, channels: 3, background: "grey" } })
      .jpeg()
      .toFile(join(people, "Franck", "wall.jpg"));

    // The demo account of a server on this machine needs no credentials.
    const enrol = ["enrol", people, "--url", server.url, "--data", data, "--state", state];
    const first = await run([...enrol, "--json"]);
    expect(first.stderr).toBe("");
    const summary = JSON.parse(first.stdout) as Summary;
    expect(summary).toMatchObject({
      people: 2,
      enrolled: 8,
      already: 0,
      failed: 2,
      ignored_files: [join("Audrey Hepburn", "notes.txt")],
    });
    expect(first.code).toBe(1);
    const failed = summary.files.filter(({ status }) => status === "failed");
    expect(failed.map(({ file }) => file)).toEqual(["text.jpg", "wall.jpg"]);
    expect(failed[0]!.reason).toMatch(/JPEG/);
    expect(failed[1]!.reason).toMatch(/no face/i);

    const api = await login(server.url, server);
    const { identities } = (await api.call("GET", "/v1/identities")).body;
    expect(Object.fromEntries(identities.map((one: Json) => [one.external_id, one.faces.length]))).toEqual({
      Franck: 7,
      "Audrey Hepburn": 1,
    });

    // Again, with one photo more and the bad ones gone: only the new one is sent.
    await rm(join(people, "Audrey Hepburn", "text.jpg"));
    await rm(join(people, "Franck", "wall.jpg"));
    await cp(photoPath("audrey_crop.jpg"), join(people, "Audrey Hepburn", "audrey_crop.jpg"));
    const second = await run([...enrol, "--json"]);
    expect(JSON.parse(second.stdout)).toMatchObject({ enrolled: 1, already: 8, failed: 0 });
    expect(second.code).toBe(0);

    const shown = await run(enrol);
    expect(shown.stdout).toContain("2 of 2 people are enrolled; photos: 0 enrolled now, 9 before, 0 failed.");
    await server.stop();
  });

  it("goes on after a kill without enrolling anything twice", async () => {
    const data = await temporaryDirectory();
    const server = await startServer(data, ["--demo"]);
    const state = await temporaryDirectory();
    const people = await temporaryDirectory();
    // Thirty people: the same portrait in thirty exposures, so that each file is another one.
    for (let index = 0; index < 30; index += 1) {
      const person = join(people, `person-${String(index).padStart(2, "0")}`);
      await mkdir(person);
      for (const [half, photo] of ["audrey_crop.jpg", "franck_01829.jpg"].entries()) {
        await sharp(photoPath(photo))
          .resize(220)
          .linear(1, index)
          .jpeg()
          .toFile(join(person, `${half}.jpg`));
      }
    }
    const enrol = ["enrol", people, "--url", server.url, "--data", data, "--state", state, "--json"];
    let kills = 0;
    for (; kills < 5; kills += 1) {
      const { child, ended } = begin(enrol);
      const known = await lines(state);
      while (child.exitCode === null && (await lines(state)) < known + 8)
        await new Promise((resolve) => setTimeout(resolve, 5));
      if (child.exitCode !== null) break;
      child.kill("SIGKILL");
      await ended;
    }
    expect(kills).toBeGreaterThanOrEqual(3);
    const last = await run(enrol);
    expect(last.stderr).toBe("");
    expect(JSON.parse(last.stdout)).toMatchObject({ people: 30, failed: 0 });

    const api = await login(server.url, server);
    const { identities } = (await api.call("GET", "/v1/identities?limit=100")).body;
    expect(identities).toHaveLength(30);
    expect(new Set(identities.map((one: Json) => one.faces.length))).toEqual(new Set([2]));
    await server.stop();
  });

  it("works on a data directory without a server, and search and recognize with it", async () => {
    const data = join(await temporaryDirectory(), "data");
    const people = await folder({ Franck: FRANCK.slice(0, 2), Audrey: ["audrey.jpg"] });
    const embedded = ["--embedded", "--data", data, "--threads", "1"];
    const enrolled = await run(["enrol", people, ...embedded, "--state", await temporaryDirectory()]);
    expect(enrolled.code).toBe(0);
    const [, clientId, secretId] = /account (\S+)\. .* once: (\S+)/.exec(enrolled.stderr)!;
    const env = { PROSOPON_CLIENT_ID: clientId!, PROSOPON_SECRET_ID: secretId! };

    const search = await run(["search", photoPath(FRANCK[2]!), ...embedded, "--json"], { env });
    const { results } = JSON.parse(search.stdout);
    expect(results[0]).toMatchObject({
      external_id: "Franck",
      score: expect.toSatisfy((score: number) => score >= 0.95),
    });
    const table = await run(["search", photoPath(FRANCK[2]!), ...embedded], { env });
    expect(table.stdout).toMatch(/1 +Franck +\S+ +[01]\.\d{3} +recognised/);
    const stranger = await run(["search", photoPath("cage.jpg"), ...embedded], { env });
    expect(stranger.stdout).toContain("Nobody we know.");

    const yes = await run(
      ["recognize", photoPath(FRANCK[3]!), "--external-id", "Franck", ...embedded, "--json"],
      { env },
    );
    expect(JSON.parse(yes.stdout)).toMatchObject({ recognition: true, identity_id: results[0].identity_id });
    const no = await run(["recognize", photoPath("cage.jpg"), "--external-id", "Franck", ...embedded], {
      env,
    });
    expect(no.stdout).toContain("Not recognised");
    expect(no.code).toBe(0);

    const nobody = await run(["search", photoPath("cage.jpg"), ...embedded]);
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toContain("PROSOPON_CLIENT_ID");
  });

  it("says that no server answers", async () => {
    const { code, stderr } = await run(["search", photoPath("cage.jpg"), "--url", "http://127.0.0.1:1"]);
    expect(code).toBe(2);
    expect(stderr).toContain("No server answers at http://127.0.0.1:1");
  });
});

async function lines(state: string): Promise<number> {
  const files = await readdir(state);
  const texts = await Promise.all(files.map((file) => readFile(join(state, file), "utf8")));
  return texts.join("").split("\n").length;
}
