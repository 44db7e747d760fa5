import type { EngineInfo } from "@prosopon/engine";
import type { Clock } from "../clock.ts";
import { isAway } from "../errors/outages.ts";
import { type Storage, StorageError } from "../storage/types.ts";

/** Between tries while the database is away. Milliseconds. */
const RETRY_MS = 1_000;

type Recognisers = Pick<Storage, "recognisers">;
type Recogniser = EngineInfo["recogniser"];

/**
 * Registers the recogniser that this node works with; waits for a database that is away.
 * @throws StorageError `conflict` when another one has made faces that are stored: nobody of them would ever be found
 */
export async function agreeOnRecogniser(
  storage: Recognisers,
  { recogniser }: { recogniser: Recogniser },
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await agree(storage, recogniser);
    } catch (error) {
      if (!isAway(error)) throw error;
    }
    await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
  }
}

async function agree({ recognisers }: Recognisers, recogniser: Recogniser): Promise<void> {
  await recognisers.register(recogniser);
  const others = (await recognisers.list()).filter(({ id, faces }) => id !== recogniser.id && faces > 0);
  if (others.length === 0) return;
  const made = others.map(({ id, faces }) => `${faces} faces by ${id}`).join(", ");
  throw new StorageError(
    "conflict",
    `The data holds ${made}, and this version recognises by ${recogniser.id}: faces of two recognisers are never compared, so it would find none of those people. Start the version that embedded them, or enrol the people again in an empty place.`,
  );
}
