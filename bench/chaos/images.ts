import { mkdir, readdir, rename, rm, symlink, utimes } from "node:fs/promises";
import path from "node:path";
import { openLocalBlobs, type BlobStore } from "@prosopon/service";
import { openS3Blobs } from "@prosopon/service/s3";
import { credentials, CUT, startS3 } from "../../tools/s3.ts";
import type { Fault } from "./weathers.ts";

/** Where pending images are, shared by all nodes. */
export interface Images {
  /** What one node reads of it. */
  env(member: string): Promise<Record<string, string>>;
  /** Of all that lies there. */
  names(): Promise<string[]>;
  /** As if all of it were older by so much, milliseconds. */
  age(ms: number): Promise<unknown>;
  open(): Promise<BlobStore>;
  faults: Fault[];
  close(): Promise<void>;
}

/** Each node has a path of its own to the same directory, as each machine has its own mount. */
export async function inDirectory(directory: string): Promise<Images> {
  const place = path.join(directory, "blobs");
  await mkdir(place, { mode: 0o700 });
  const mountOf = (member: string) => path.join(directory, `${member}-blobs`);
  const mount = mountOf("worker-1");
  return {
    async env(member) {
      await symlink(place, mountOf(member));
      return { PROSOPON_BLOBS: mountOf(member) };
    },
    names: () => readdir(place),
    async age(ms) {
      const then = new Date(Date.now() - ms);
      for (const name of await readdir(place)) await utimes(path.join(place, name), then, then);
    },
    open: () => openLocalBlobs(place, { shared: true }),
    faults: [
      {
        name: "the images of one worker are not mounted",
        at: 0.08,
        affects: ({ name }) => name === "worker-1",
        async begin() {
          await rename(mount, `${mount}-away`);
          await mkdir(mount);
        },
        async end() {
          await rm(mount, { recursive: true });
          await rename(`${mount}-away`, mount);
        },
      },
    ],
    close: async () => {},
  };
}

export async function inObjectStorage(): Promise<Images> {
  const s3 = await startS3();
  const { bucket } = credentials;
  return {
    env: async () => ({ PROSOPON_BLOBS: `s3://${bucket}`, ...s3.env }),
    names: async () => (await s3.look()).keys,
    age: (ms) => s3.age(ms),
    open: () => openS3Blobs({ ...credentials, endpoint: s3.endpoint }),
    faults: [
      {
        name: "the object storage breaks its answers off",
        at: 0.1,
        affects: () => true,
        // It is asked at most every 5 s whether it is there.
        graceMs: 7_000,
        lastMs: 12_000,
        calm: true,
        begin: () => s3.failAlways(CUT),
        end: () => s3.failAlways(undefined),
      },
    ],
    close: () => s3.close(),
  };
}
