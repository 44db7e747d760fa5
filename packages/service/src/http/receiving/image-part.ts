import type { Readable } from "node:stream";
import type { ImageRef, UploadRecord } from "../../storage/types.ts";
import { HttpProblem } from "../problem.ts";
import type { Intake } from "./intake.ts";

const UPLOAD_ID = /^\s*([0-9a-f]{8}-[0-9a-f-]{27})\s*$/;
/** An id with the white space that editors leave around it. */
const UPLOAD_ID_BYTES = 64;

/** What an image of a form is received with. */
export interface PartTools {
  intake: Intake;
  /** An upload of the account; undefined where there is none of that id any more. */
  upload(id: string): Promise<UploadRecord | undefined>;
}

export interface ReceivedPart {
  image: ImageRef;
  uploadId?: string;
}

/** Stores one image part; or, for a text part with an upload's id, finds that upload. */
export async function receiveImage(
  { intake, upload: find }: PartTools,
  stream: Readable,
  fileName: string | undefined,
  signal: AbortSignal,
): Promise<ReceivedPart> {
  const bytes = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const first = fileName === undefined ? await beginning(bytes) : Buffer.alloc(0);
  const uploadId = UPLOAD_ID.exec(first.toString("latin1"))?.[1];
  if (uploadId) {
    const upload = await find(uploadId);
    if (!upload)
      throw new HttpProblem(404, `the upload ${uploadId} is unknown or has expired: send the image again`);
    return { image: { ...upload.image, uploadId }, uploadId };
  }
  async function* whole() {
    if (first.length > 0) yield first;
    yield* { [Symbol.asyncIterator]: () => bytes };
  }
  return { image: await intake.store(whole(), signal) };
}

/** All of a part that may be an upload's id, in however many chunks it comes; of a longer one, enough to see that it is none. */
async function beginning(bytes: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let begun = Buffer.alloc(0);
  while (begun.length <= UPLOAD_ID_BYTES) {
    const { done, value } = await bytes.next();
    if (done) break;
    begun = Buffer.concat([begun, value]);
  }
  return begun;
}
