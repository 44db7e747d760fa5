import { randomUUID } from "node:crypto";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { form, login, photoPath, type Api, type Json } from "./api.ts";
import { begin, startServer, temporaryDirectory, type RunningServer } from "./command.ts";

const ENROLMENTS = 500;
const KILLS = 20;
const SENDERS = 4;

/** One POST: what we know of it. */
interface Attempt {
  /** Travels as the external id, so that its identity can be told. */
  tag: string;
  /** Set when the server acknowledged it. */
  jobId?: string;
}

/** Slow: more than a minute. */
describe("kill -9 at 20 random moments while 500 enrolments stream in", () => {
  it("loses no acknowledged job, applies none twice, and ends every one", async () => {
    const data = await temporaryDirectory();
    const photos = await makePhotos();
    let server: RunningServer | undefined = await startServer(data);
    const credentials = server;
    const { token } = await login(server.url, credentials);
    const attempts: Attempt[] = [];
    const acknowledged = () => attempts.filter(({ jobId }) => jobId !== undefined).length;
    /** So that the stream lasts from the first kill to the last. */
    let allowed = 0;
    let next = 0;

    const sender = async () => {
      while (next < ENROLMENTS) {
        if (!server || next >= allowed) {
          await pause(5);
          continue;
        }
        const index = next++;
        for (let done = false; !done;) {
          if (!server) {
            await pause(5);
            continue;
          }
          const attempt: Attempt = { tag: randomUUID() };
          attempts.push(attempt);
          const jobId = await post(server.url, token, attempt.tag, photos[index % photos.length]!);
          if (jobId) attempt.jobId = jobId;
          done = jobId !== undefined;
          if (!done) await pause(20);
        }
      }
    };
    const senders = Promise.all(Array.from({ length: SENDERS }, sender));

    const moments: number[] = [];
    for (let kill = 1; kill <= KILLS; kill += 1) {
      allowed = Math.ceil((ENROLMENTS * kill) / KILLS);
      const moment = Math.round(Math.random() * 1_000);
      moments.push(moment);
      await pause(moment);
      server.kill("SIGKILL");
      await server.ended;
      server = undefined;
      // Every fourth time it is killed while it starts, too.
      if (kill % 4 === 0) await killDuringStart(data, Math.random() * 500);
      server = await startServer(data);
    }
    await senders;
    const last = server;
    const api = await login(last.url, credentials);

    const sent = attempts.flatMap(({ jobId }) => jobId ?? []);
    const ends = new Map<string, string>();
    for (const jobId of sent) ends.set(jobId, (await api.end("/innovation-service/identity", jobId)).status);
    const identities = await listAll(api, "identities");
    const jobs = await listAll(api, "jobs");

    const perTag = new Map<string, number>();
    for (const { external_id } of identities) perTag.set(external_id, (perTag.get(external_id) ?? 0) + 1);
    const unanswered = attempts.filter(({ jobId }) => jobId === undefined);
    const ledger = {
      "killed after (ms from ready)": moments.join(" "),
      "POSTs sent": attempts.length,
      acknowledged: acknowledged(),
      "unanswered (killed in between)": unanswered.length,
      "of those, kept all the same": unanswered.filter(({ tag }) => perTag.has(tag)).length,
      Succeeded: [...ends.values()].filter((status) => status === "Succeeded").length,
      Failed: [...ends.values()].filter((status) => status === "Failed").length,
      identities: identities.length,
      "jobs tried more than once": jobs.filter(({ attempts: tries }) => tries > 1).length,
      "most tries of a job": Math.max(...jobs.map(({ attempts: tries }) => tries)),
    };
    console.log(
      Object.entries(ledger)
        .map(([name, value]) => `${name}: ${value}`)
        .join("\n"),
    );

    expect(ledger.acknowledged).toBe(ENROLMENTS);
    expect(ledger.Succeeded).toBe(ENROLMENTS);
    expect(jobs.filter(({ status }) => status !== "Succeeded")).toEqual([]);
    for (const { tag, jobId } of attempts) expect(perTag.get(tag) ?? 0, tag).toBeOneOf(jobId ? [1] : [0, 1]);
    for (const { faces } of identities) expect(faces).toHaveLength(1);
    expect(new Set(identities.map(({ identity_id }) => identity_id)).size).toBe(identities.length);
    expect(jobs).toHaveLength(identities.length);
    await last.stop();
  });
});

/** Small ones, so that what is tested is the queue and not the patience of whoever waits for it. */
async function makePhotos(): Promise<Blob[]> {
  const names = ["audrey_crop.jpg", "franck_01829.jpg", "chuck_crop.jpg", "cage2_crop.jpg"];
  return Promise.all(
    names.map(
      async (name) => new Blob([await sharp(photoPath(name)).resize({ width: 220 }).jpeg().toBuffer()]),
    ),
  );
}

/** The job's id, or undefined when the server died over it. */
async function post(url: string, token: string, tag: string, photo: Blob): Promise<string | undefined> {
  try {
    const body = form({ field: "input_images", blobs: [photo] }, { external_id: tag });
    const answer = await fetch(`${url}/v1/identities`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body,
    });
    const { job_id } = (await answer.json()) as { job_id?: string };
    return answer.ok ? job_id : undefined;
  } catch {
    return undefined;
  }
}

async function killDuringStart(data: string, after: number): Promise<void> {
  const { child, ended } = begin(["serve", "--port", "0", "--data", data]);
  await pause(after);
  child.kill("SIGKILL");
  await ended;
}

async function listAll(api: Api, what: "identities" | "jobs"): Promise<Json[]> {
  const all: Json[] = [];
  for (let cursor = ""; ;) {
    const { body } = await api.call(
      "GET",
      `/v1/${what}?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    all.push(...body[what]);
    if (body.next_cursor === undefined) return all;
    cursor = body.next_cursor;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
