import type { ImageRef } from "../../storage/types.ts";

/** What a request brought. */
export interface Received {
  /** In the order sent. */
  images: ImageRef[];
  /** Uploads among them. */
  uploadIds: string[];
  text(name: string): string | undefined;
  /** Makes the images durable that the request was received without flushing. */
  flush(): Promise<void>;
  /** Erases what was stored, when no job came of it. */
  discard(): Promise<void>;
  /** A job refers to the images now. */
  keep(): void;
}
