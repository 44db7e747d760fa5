import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { describe, expect, it, vi } from "vitest";
import { form, FRANCK, login, photo, type Api, type Json } from "./api.ts";
import { begin, run, startServer, temporaryDirectory, type RunningServer } from "./command.ts";
import { cluster, follow, noPostgres } from "./nodes.ts";

const SEARCH = "/innovation-service/identity/search";
const PEOPLE: [photo: string, externalId: string, metadata: Record<string, unknown>][] = [
  [FRANCK[0]!, "φρανκ/1", { name: "Φρανκ 🎬", nested: { list: [1, null, -0.5, 1e21] }, nul: "a\0b" }],
  ["audrey.jpg", "second", { name: "Second", "": "no key" }],
  ["SeanConnery.jpg", "third", {}],
];
/** A search and enrolments that no worker has come to. */
const WAITING = 4;

describe.skipIf(noPostgres !== undefined)(
  `prosopon migrate-data${noPostgres ? `: ${noPostgres}` : ""}`,
  () => {
    it("moves a killed server's directory, and another server answers as that one did and ends its jobs", async () => {
      const data = await temporaryDirectory();
      const images = await temporaryDirectory();
      const { database } = await cluster();
      const command = ["migrate-data", "--from", data, "--to", database.url, "--blobs", images];

      const embedded = await startServer(data, ["--log-level", "error"]);
      const account = { clientId: embedded.clientId!, secretId: embedded.secretId! };
      const settings = ["accounts", "settings", account.clientId, "--keep-crops", "on", "--data", data];
      expect(await run(settings)).toMatchObject({ code: 0, stderr: "" });
      const { refreshToken, ...api } = await loggedIn(embedded, account);
      await enrolAll(api);
      const before = await answers(api);
      expect(before.candidates[0]).toMatchObject({ identity_id: before.identities.at(-1).identity_id });
      const { told } = await follow(embedded.url, api.token, "0");
      await vi.waitFor(() => expect(told.at(-1)?.status).toBe("Succeeded"), 120_000);
      const cursor = told.at(-1)!.cursor;

      const refused = await run(command);
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr).toMatch(/A server runs on .*Stop it first/);

      const waiting = await sendAndKill(embedded, api);
      const bytes = await bytesOf(data);
      const planned = await run([...command, "--dry-run", "--json"]);
      expect(JSON.parse(planned.stdout)).toMatchObject({ outcome: "planned", found: "nothing" });

      for (let kill = 0; kill < 5; kill++) {
        const { child, ended } = begin(command);
        // Some 400 ms until the command is up; all is moved some 400 ms later.
        await sleep(350 + Math.random() * 450);
        child.kill("SIGKILL");
        await ended;
      }
      const moved = await run([...command, "--json"]);
      expect(moved.stderr).toBe("");
      const report = JSON.parse(moved.stdout);
      expect(["moved", "before"]).toContain(report.outcome);
      expect(report.tables.find(({ name }: Json) => name === "faces").rows).toBe(PEOPLE.length);
      expect(report.images.count).toBeGreaterThan(0);
      expect(await bytesOf(data)).toEqual(bytes);
      const again = await run(command);
      expect(again).toMatchObject({ code: 0, stderr: "" });
      expect(again.stdout).toContain("was moved here before");

      const server = await startServer(await temporaryDirectory(), [
        "--database-url",
        database.url,
        "--blobs",
        images,
      ]);
      const there = withToken(server.url, api.token);
      // Resumed where the other server's stream ended.
      const resumed = await follow(server.url, api.token, cursor);
      for (const jobId of waiting)
        await vi.waitFor(async () => expect((await job(there, jobId)).status).toBe("Succeeded"), 120_000);
      await vi.waitFor(() => expect(new Set(ended(resumed.told))).toEqual(new Set(waiting)), 120_000);
      const cursors = resumed.told.map((event) => Number(event.cursor));
      expect(cursors).toEqual(cursors.map((_, index) => Number(cursor) + 1 + index));
      expect(ended(resumed.told)).toHaveLength(waiting.length);

      // The enrolments that waited are here too, and behind those that were there before.
      const after = await answers(there);
      expect(after.identities.slice(-PEOPLE.length)).toEqual(storable(before.identities));
      expect(after.pages.map(({ cursor: place }) => place)).toContain(before.pages[0]!.cursor);
      const person = ({ identity_id }: Json) => identity_id === before.candidates[0].identity_id;
      expect(after.candidates.find(person).cosine).toBe(before.candidates[0].cosine);
      expect(after.candidates.find(person).score).toBe(before.candidates[0].score);
      expect(after.crop).toEqual(before.crop);
      expect(after.crop).toHaveLength(64);

      const refresh = await fetch(`${server.url}/token`, {
        method: "POST",
        headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
        body: JSON.stringify({ refreshToken }),
      });
      expect(refresh.status).toBe(200);
      await login(server.url, account);
      await server.stop();
    });

    it("says what is missing, and tells no password", async () => {
      const data = await temporaryDirectory();
      const to = "postgres://someone:s3cr3t@127.0.0.1:1/none";
      expect(await run(["migrate-data", "--to", to])).toMatchObject({ code: 2 });
      expect(await run(["migrate-data", "--from", data])).toMatchObject({ code: 2 });
      const empty = await run(["migrate-data", "--from", data, "--to", to]);
      expect(empty).toMatchObject({ code: 1, stdout: "" });
      expect(empty.stderr).toContain(`no Prosopon data in ${data}`);
      const server = await startServer(data);
      await server.stop();
      const away = await run(["migrate-data", "--from", data, "--to", to]);
      expect(away).toMatchObject({ code: 1, stdout: "" });
      expect(away.stderr).not.toContain("s3cr3t");
    });
  },
);

function withToken(url: string, token: string): Pick<Api, "token" | "call"> {
  return {
    token,
    async call(method, path, body) {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body && { body }),
      });
      const bytes = Buffer.from(await answer.arrayBuffer());
      const json = answer.headers.get("content-type")?.includes("json");
      return { status: answer.status, body: json ? JSON.parse(bytes.toString()) : bytes };
    },
  };
}

type Caller = ReturnType<typeof withToken>;

async function loggedIn(
  server: RunningServer,
  account: { clientId: string; secretId: string },
): Promise<Caller & { refreshToken: string }> {
  const answer = await fetch(`${server.url}/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(account),
  });
  const { token, refreshToken } = (await answer.json()) as { token: string; refreshToken: string };
  return { ...withToken(server.url, token), refreshToken };
}

const job = async (api: Caller, jobId: string): Promise<Json> =>
  (await api.call("GET", `/v1/jobs/${jobId}`)).body;

const ended = (told: { job_id: string; status: string }[]): string[] =>
  told.filter(({ status }) => status === "Succeeded" || status === "Failed").map(({ job_id }) => job_id);

async function enrolAll(api: Caller): Promise<void> {
  for (const [name, externalId, metadata] of PEOPLE) {
    const { body } = await api.call(
      "POST",
      "/v1/identities",
      form(
        { field: "input_images", blobs: [await photo(name)] },
        { external_id: externalId, metadata: JSON.stringify(metadata) },
      ),
    );
    await vi.waitFor(async () => expect((await job(api, body.job_id)).status).toBe("Succeeded"), 120_000);
  }
}

/** What a client sees: lists page by page, a search, a crop. */
async function answers(api: Caller): Promise<{
  identities: Json[];
  pages: { cursor: string | undefined }[];
  candidates: Json[];
  crop: string;
}> {
  const identities: Json[] = [];
  const pages: { cursor: string | undefined }[] = [];
  for (let cursor: string | undefined; ;) {
    const { body } = await api.call("GET", `/v1/identities?limit=1${cursor ? `&cursor=${cursor}` : ""}`);
    identities.push(...body.identities);
    pages.push({ cursor: body.next_cursor });
    if (!(cursor = body.next_cursor)) break;
  }
  const { body } = await api.call(
    "POST",
    SEARCH,
    form({ field: "input_image", blobs: [await photo(FRANCK[1]!)] }),
  );
  await vi.waitFor(async () => expect((await job(api, body.job_id)).status).toBe("Succeeded"), 120_000);
  const { result } = await job(api, body.job_id);
  const crop = await api.call("GET", `/v1/faces/${identities.at(-1).faces[0].face_id}/crop`);
  expect(crop.status).toBe(200);
  return {
    identities,
    pages,
    candidates: result.candidates,
    crop: createHash("sha256").update(crop.body).digest("hex"),
  };
}

/** Acknowledged, and then no worker is left to do them: a large photo keeps the only one busy. */
async function sendAndKill(server: RunningServer, api: Caller): Promise<string[]> {
  const portrait = await photo(FRANCK[2]!);
  const large = await sharp(Buffer.from(await portrait.arrayBuffer()))
    .resize(8_000)
    .jpeg()
    .toBuffer();
  const jobs: string[] = [];
  for (let sent = 0; sent < WAITING; sent++) {
    const blobs =
      sent === 0 ? Array.from({ length: 5 }, () => new Blob([Uint8Array.from(large)])) : [portrait];
    const { body } = await api.call(
      "POST",
      "/innovation-service/identity",
      form({ field: "input_images", blobs }),
    );
    jobs.push(body.job_id);
  }
  server.kill("SIGKILL");
  await server.ended;
  return jobs;
}

/** SHA-256 of every file, but not of what SQLite makes to read the database, and of what the killed server's lock left. */
async function bytesOf(directory: string): Promise<Record<string, string>> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && !/-shm$|^lock\.db-journal$/.test(entry.name),
  );
  const sums = files.map(async ({ parentPath, name }) => {
    const bytes = await readFile(join(parentPath, name));
    return [join(parentPath, name), createHash("sha256").update(bytes).digest("hex")];
  });
  return Object.fromEntries(await Promise.all(sums)) as Record<string, string>;
}

/** PostgreSQL's texts hold no NUL. */
function storable(value: Json): Json {
  return JSON.parse(JSON.stringify(value).replaceAll("\\u0000", "\uFFFD"));
}
