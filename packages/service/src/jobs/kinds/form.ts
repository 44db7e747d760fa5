import type { Storage } from "../../storage/types.ts";

/** What a request says beside its images, however it came. */
export interface Fields {
  /** Undefined where the request has no such field. */
  text(name: string): string | undefined;
}

/** Who asks, and where to look what the request names. */
export interface Asked {
  storage: Pick<Storage, "identities">;
  accountId: string;
  /** That the request names, or `default` where the kind's people are a collection's. */
  collectionId: string | undefined;
}

/** What a kind of job is told beside its images. */
export interface Form<Payload extends object> {
  /** By name: what the text of a field must be. */
  fields: Readonly<Record<string, "text" | "integer">>;
  /** @throws InputError; StorageError `not-found` or `conflict` for what can be told now, before the job */
  read(fields: Fields, asked: Asked): Promise<Payload> | Payload;
}
