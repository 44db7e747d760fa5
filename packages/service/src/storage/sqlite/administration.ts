import { type Storage, StorageError } from "../types.ts";

type Calls<Part> = Part extends (...args: never[]) => unknown ? boolean : true | readonly (keyof Part)[];

/** What may be called beside a running server, by name: what is added later is refused until somebody has thought about it. */
const ALLOWED: { [Name in keyof Storage]-?: Calls<Storage[Name]> } = {
  accounts: true,
  collections: ["create", "get", "list", "update"],
  recognisers: true,
  sessions: true,
  jobs: ["get", "list", "unfinished", "nextDue"],
  identities: ["get", "getMany", "list", "count"],
  faces: ["get", "crop"],
  uploads: ["get"],
  events: ["since", "head", "listen", "onDue"],
  referencedBlobs: true,
  databaseId: true,
  secret: true,
  secrets: true,
  forgetSecrets: true,
  ping: true,
  settle: true,
  close: true,
};

/** Beside a running server only accounts and sessions may change: its memory mirrors the faces, and its workers own the jobs. */
export function administrationOnly(storage: Storage): Storage {
  return Object.fromEntries(
    Object.entries(storage).map(([name, part]) => {
      const allowed: unknown = ALLOWED[name as keyof Storage];
      if (allowed === true) return [name, part];
      const names: unknown[] = Array.isArray(allowed) ? allowed : [];
      return [
        name,
        typeof part === "function"
          ? refuse
          : Object.fromEntries(
              Object.entries(part as object).map(([call, action]: [string, unknown]) => [
                call,
                names.includes(call) ? action : refuse,
              ]),
            ),
      ];
    }),
  ) as unknown as Storage;
}

async function refuse(): Promise<never> {
  throw new StorageError(
    "locked",
    "The storage was opened while a server runs on it, for accounts and for reading only. Do this through the server's API, or stop it first.",
  );
}
