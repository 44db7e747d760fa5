import type { Clock } from "../clock.ts";
import type { Storage } from "../storage/types.ts";

/** Of the first key; later ones have the time of their making behind it: `token-signing/1795478389622`. */
const NAME = "token-signing";
const BYTES = 32;
/** A key taken away at once is known for so long, with no session left that it could be used for. */
const REREAD_MS = 30_000;
/** Both tokens of a session live an hour; the rest is for clocks that differ. */
const KEPT_MS = 2 * 3_600_000;

interface Key {
  /** As the token's header has it; undefined for the first key. */
  kid: string | undefined;
  bytes: Uint8Array;
}

export interface Keys {
  /** What new tokens are signed with. */
  newest(): Promise<Key>;
  /** The key of a token; undefined when there is none of that id any more. */
  byId(kid: string | undefined): Promise<Uint8Array | undefined>;
}

export function createKeys({ storage, clock }: { storage: Storage; clock: Clock }): Keys {
  let held: { keys: Key[]; at: number } | undefined;
  let reading: Promise<Key[]> | undefined;

  /** One read at a time, however many ask. When the database is away, the next caller asks again. */
  async function reread(): Promise<Key[]> {
    const at = clock.now();
    reading ??= read(storage, at).finally(() => (reading = undefined));
    const keys = await reading;
    held = { keys, at };
    return keys;
  }

  async function current(): Promise<Key[]> {
    return held && clock.now() - held.at < REREAD_MS ? held.keys : reread();
  }

  return {
    // Read each time: a token signed with a key that was just taken away would be good for seconds. A login is slower by far.
    newest: async () => (await reread()).at(-1)!,
    async byId(kid) {
      const find = (keys: Key[]) => keys.find((key) => key.kid === kid)?.bytes;
      // Another node may just have made it; the first read may have begun before that.
      return find(await current()) ?? find(await reread()) ?? find(await reread());
    },
  };
}

/**
 * Makes a new key, which every node signs with from the next token on. The ones before stay good until the tokens signed with
 * them have expired, and are forgotten by a later rotation; `atOnce` forgets them now and ends every session, which every
 * node sees with the next request.
 */
export async function rotateSigningKey(
  storage: Pick<Storage, "secret" | "secrets" | "forgetSecrets" | "sessions">,
  { now = Date.now(), atOnce = false } = {},
): Promise<{ kid: string; forgotten: number; ended: number }> {
  await storage.secret(NAME, BYTES); // so that there is one before
  // The newest signs, also where the key before was made by a machine whose clock is ahead.
  const before = timeOf(sorted(await storage.secrets(NAME)).at(-1)?.name) ?? 0;
  const made = Math.max(now, before + 1);
  const name = `${NAME}/${made}`;
  await storage.secret(name, BYTES);
  const names = sorted(await storage.secrets(NAME));
  const old = names.filter((one, index) => {
    const replaced = timeOf(names[index + 1]?.name);
    return one.name !== name && (atOnce || (replaced !== undefined && now - replaced > KEPT_MS));
  });
  await storage.forgetSecrets(old.map((one) => one.name));
  // After the key: a session that begins now is signed with the new one.
  const ended = atOnce ? await storage.sessions.revokeAll() : 0;
  return { kid: String(made), forgotten: old.length, ended };
}

async function read(storage: Storage, now: number): Promise<Key[]> {
  let found = await storage.secrets(NAME);
  if (found.length === 0) found = [{ name: NAME, bytes: await storage.secret(NAME, BYTES) }];
  const all = sorted(found);
  return all
    .filter((_, index) => now - (timeOf(all[index + 1]?.name) ?? now) <= KEPT_MS)
    .map(({ name, bytes }) => ({ kid: name === NAME ? undefined : String(timeOf(name)), bytes }));
}

function timeOf(name: string | undefined): number | undefined {
  return name === undefined || name === NAME ? undefined : Number(name.slice(NAME.length + 1));
}

const sorted = <T extends { name: string }>(secrets: T[]): T[] =>
  secrets.toSorted((a, b) => (timeOf(a.name) ?? 0) - (timeOf(b.name) ?? 0));
