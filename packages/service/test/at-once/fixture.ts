import { open, readdir } from "node:fs/promises";
import path from "node:path";
import type { Analysis, Engine } from "@prosopon/engine";
import { type Fixture, form, photo, realEngine } from "../fixture.ts";

export const audrey = await photo("audrey.jpg");

export const identify = (
  api: Fixture,
  { wait = "30", ...options }: { wait?: string; token?: string; signal?: AbortSignal } = {},
) => api.call("POST", `/v1/identify?wait=${wait}`, { body: form([["input_image", audrey]]), ...options });

export const jobsOf = async (api: Fixture) => (await api.call("GET", "/v1/jobs")).body.jobs;
export const statusesOf = async (api: Fixture): Promise<string[]> =>
  (await jobsOf(api)).map(({ status }: { status: string }) => status);

/** Pending images that lie in the directory of a service. */
export const imagesIn = async (directory: string): Promise<string[]> =>
  (await readdir(path.join(directory, "blobs"))).filter((name) => name.startsWith("prosopon_"));

/** An engine whose images wait until it is opened. */
export function gated() {
  const real = realEngine();
  const gate = Promise.withResolvers<void>();
  const state = { begun: 0, stopped: 0 };
  const engine: Engine = {
    ...real,
    async analyse(image, options): Promise<Analysis> {
      state.begun += 1;
      const stop = Promise.withResolvers<never>();
      options?.signal?.addEventListener("abort", () => {
        state.stopped += 1;
        stop.reject(options.signal!.reason);
      });
      await Promise.race([gate.promise, stop.promise]);
      return real.analyse(image, options);
    },
  };
  return { engine, state, open: () => gate.resolve() };
}

/** How often a SQLite database has been flushed to its log: a commit's last page says how large the database is after it. */
export async function commitsIn(directory: string): Promise<number> {
  const file = await open(path.join(directory, "prosopon.db-wal"));
  try {
    const header = Buffer.alloc(32);
    await file.read(header, 0, 32, 0);
    const frame = Buffer.alloc(24 + header.readUInt32BE(8));
    let commits = 0;
    for (let at = 32; (await file.read(frame, 0, frame.length, at)).bytesRead === frame.length;) {
      const current = frame.compare(header, 16, 24, 8, 16) === 0;
      if (current && frame.readUInt32BE(4) > 0) commits += 1;
      at += frame.length;
    }
    return commits;
  } finally {
    await file.close();
  }
}
