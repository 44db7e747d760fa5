import { type RecogniserRecord, StorageError } from "../types.ts";

/** @throws StorageError `conflict` */
export function sameDimension(known: RecogniserRecord, { id, dimension }: RecogniserRecord): void {
  if (known.dimension !== dimension)
    throw new StorageError(
      "conflict",
      `The recogniser ${id} is registered with ${known.dimension} dimensions, not ${dimension}. Give another recogniser an id of its own.`,
    );
}

/** @throws StorageError `not-found` */
export function unregistered(id: string): never {
  throw new StorageError(
    "not-found",
    `The recogniser ${id} is not registered. Register it before its faces are stored.`,
  );
}
