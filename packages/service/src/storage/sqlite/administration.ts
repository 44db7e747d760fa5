import { type Storage, StorageError } from "../types.ts";

/** Beside a running server only accounts and sessions may change: its memory mirrors the faces, and its workers own the jobs. */
export function administrationOnly(storage: Storage): Storage {
  const refuse = async (): Promise<never> => {
    throw new StorageError(
      "locked",
      "The storage was opened beside a server, for accounts and for reading. Do this through the server's API, or stop it first.",
    );
  };
  return {
    ...storage,
    jobs: {
      ...storage.jobs,
      enqueue: refuse,
      claim: refuse,
      renew: refuse,
      finish: refuse,
      release: refuse,
      cancel: refuse,
      sweep: refuse,
    },
    identities: { ...storage.identities, patch: refuse, delete: refuse, nearest: refuse, compare: refuse },
    faces: { ...storage.faces, delete: refuse },
    uploads: { ...storage.uploads, create: refuse, delete: refuse, sweep: refuse },
  };
}
