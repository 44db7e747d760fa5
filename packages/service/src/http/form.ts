import { Readable } from "node:stream";
import { Busboy } from "@fastify/busboy";
import { eraseOrLeave } from "../blobs/erase.ts";
import { createBreakable } from "../breakable.ts";
import type { Deps } from "../deps.ts";
import type { ImageRef } from "../storage/types.ts";
import { asProblem, HttpProblem } from "./problem.ts";
import { checkLength, declaredLength, openBody, tooLarge } from "./body.ts";
import type { Call } from "./call.ts";
import { inspected } from "./image.ts";
import { isListKey } from "./query.ts";

/** Unknown fields are ignored, but not without end. */
const MAX_FIELDS = 100;
const LIMITS = {
  fieldNameSize: 256,
  fieldSize: 65_536,
  fields: MAX_FIELDS,
  parts: MAX_FIELDS + 20,
  headerPairs: 32,
  headerSize: 16_384,
};
/** Beside its images a form has only its fields. */
const FORM_OVERHEAD_BYTES = MAX_FIELDS * 70_000;
const UPLOAD_ID = /^\s*([0-9a-f]{8}-[0-9a-f-]{27})\s*$/;
/** An id with the white space that editors leave around it. */
const UPLOAD_ID_BYTES = 64;

/** The images and texts of a form. */
export interface ReceivedForm {
  /** In the order sent. */
  images: ImageRef[];
  /** Uploads among them. */
  uploadIds: string[];
  text(name: string): string | undefined;
  /** Erases what was stored, when no job came of it. */
  discard(): Promise<void>;
  /** A job refers to the images now. */
  keep(): void;
}

const isImageField = (name: string | undefined): boolean =>
  name !== undefined && (isListKey(name, "input_images") || isListKey(name, "input_image"));

/**
 * Streams a form's images into the blob store, at most `maxImages`, and keeps its texts. On any fault the rest of the body is
 * thrown away in the background, what was stored is erased, and the answer goes out at once.
 */
export async function receiveForm(
  call: Call,
  maxImages: number,
  fields: readonly string[],
): Promise<ReceivedForm> {
  const { deps, request } = call;
  const type = request.headers.get("content-type") ?? "";
  if (!/^\s*multipart\/form-data\b/i.test(type))
    throw new HttpProblem(415, "send the images as multipart/form-data");
  const maxBytes = maxImages * deps.limits.uploadBytes + FORM_OVERHEAD_BYTES;
  checkLength(request, maxBytes);
  await deps.space.admit(declaredLength(request));

  const texts = new Map<string, string>();
  const stored: string[] = [];
  const slots: Promise<{ image: ImageRef; uploadId?: string }>[] = [];
  const streams: Readable[] = [];
  const abort = new AbortController();
  const { step, fail } = createBreakable();
  const ignored = { files: 0, bytes: 0 };

  let parser: InstanceType<typeof Busboy>;
  try {
    parser = new Busboy({
      headers: { "content-type": type },
      limits: LIMITS,
      // Text fields are that also with a file name: some libraries give every part one.
      isPartAFile: (name, _type, file) =>
        isImageField(name) || (file !== undefined && !fields.includes(name ?? "")),
    });
  } catch {
    throw new HttpProblem(400, "the content type names no boundary: let your HTTP library write that header");
  }
  parser.on("error", () =>
    fail(
      new HttpProblem(
        400,
        "the form is malformed or ends early: check that its boundary is the declared one and that all of it was sent",
      ),
    ),
  );
  parser.on("fieldsLimit", () => fail(new HttpProblem(400, `the form has over ${MAX_FIELDS} fields`)));
  parser.on("partsLimit", () => fail(new HttpProblem(400, `the form has over ${LIMITS.parts} parts`)));
  parser.on("field", (name: string | undefined, value: string, _cut: boolean, valueCut: boolean) => {
    if (name === undefined) return;
    if (valueCut) fail(new HttpProblem(413, `a text field is over ${LIMITS.fieldSize} bytes`));
    texts.set(name, value);
  });
  parser.on("file", (name: string | undefined, stream: Readable, fileName: string | undefined) => {
    stream.on("error", () => {}); // a part that ends early: the parser tells it too
    if (!isImageField(name)) {
      ignore(stream);
      return;
    }
    if (slots.length === maxImages) {
      stream.resume();
      fail(new HttpProblem(400, `too many images: at most ${maxImages} here`));
      return;
    }
    streams.push(stream);
    const slot = receiveImage(call, stream, fileName, abort.signal, stored).catch((error: unknown) => {
      throw named(error, slots.length, maxImages, slots.indexOf(slot) + 1);
    });
    slots.push(slot);
    slot.catch(fail);
  });

  /** Unknown fields are ignored, but not without end: what nobody asked for is not received by the gigabyte. */
  function ignore(stream: Readable): void {
    ignored.files += 1;
    stream.on("data", (chunk: Uint8Array) => {
      ignored.bytes += chunk.byteLength;
      if (ignored.bytes > FORM_OVERHEAD_BYTES)
        fail(
          new HttpProblem(413, `over ${FORM_OVERHEAD_BYTES} bytes of files that are not images of the form`),
        );
    });
  }

  const discard = () => eraseStored(deps, stored);
  // Only now: reading it is what lets a caller that said `Expect: 100-continue` begin to send.
  if (!request.body) throw new HttpProblem(400, "the form has no body");
  const body = openBody(request.body, deps.limits);
  let size = 0;
  try {
    const finished = new Promise<void>((resolve) => void parser.once("finish", resolve));
    for (;;) {
      const { done, value } = await step(body.read());
      if (done) break;
      size += value.byteLength;
      if (size > maxBytes) throw tooLarge(maxBytes);
      if (!parser.write(value))
        await step(new Promise<void>((resolve) => void parser.once("drain", resolve)));
    }
    parser.end();
    await step(finished);
    const received = await step(Promise.all(slots));
    if (received.length === 0) throw new HttpProblem(400, noImage(maxImages, ignored.files > 0));
    return {
      images: received.map(({ image }) => image),
      uploadIds: received.flatMap(({ uploadId }) => (uploadId === undefined ? [] : [uploadId])),
      text: (name) => texts.get(name),
      discard,
      keep: () => stored.forEach((blobId) => deps.receiving.delete(blobId)),
    };
  } catch (error) {
    abort.abort(error);
    for (const stream of streams) stream.destroy();
    body.linger();
    await Promise.allSettled(slots);
    await discard();
    throw error;
  }
}

/** Stores one image part; or, for a text part with an upload's id, finds that upload. */
async function receiveImage(
  call: Call,
  stream: Readable,
  fileName: string | undefined,
  signal: AbortSignal,
  stored: string[],
) {
  const { deps, accountId } = call;
  const bytes = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const first = fileName === undefined ? await beginning(bytes) : Buffer.alloc(0);
  const uploadId = UPLOAD_ID.exec(first.toString("latin1"))?.[1];
  if (uploadId) {
    const upload = await deps.storage.uploads.get(accountId, uploadId, deps.clock.now());
    if (!upload)
      throw new HttpProblem(404, `the upload ${uploadId} is unknown or has expired: send the image again`);
    return { image: { ...upload.image, uploadId }, uploadId };
  }
  async function* whole() {
    if (first.length > 0) yield first;
    yield* { [Symbol.asyncIterator]: () => bytes };
  }
  return { image: await storeImage(call, whole(), signal, stored) };
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

/** Bytes of an image between two looks at the disk's room, which others fill meanwhile. */
const LOOK_BYTES = 4 * 2 ** 20;

async function* counted(bytes: AsyncIterable<Uint8Array>, { deps, arrival }: Call) {
  let since = 0;
  for await (const chunk of bytes) {
    arrival?.add(chunk.byteLength);
    since += chunk.byteLength;
    if (since >= LOOK_BYTES) {
      await deps.space.admit();
      since = 0;
    }
    yield chunk;
  }
}

/** Checks and stores an image. @throws ImageError, BlobTooLargeError; HttpProblem 503 */
export async function storeImage(
  call: Call,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  stored: string[],
): Promise<ImageRef> {
  const { deps } = call;
  const { blobId, size } = await deps.blobs.put(inspected(counted(bytes, call), deps.engine.info().bounds), {
    maxBytes: deps.limits.uploadBytes,
    signal,
  });
  deps.receiving.add(blobId);
  stored.push(blobId);
  return { blobId, size };
}

/** A store that says nothing would keep the caller from hearing of it. Milliseconds. */
const ERASE_MS = 1_000;

/** Where that fails, or takes long, the caller still hears of the fault that led to it. */
export async function eraseStored(deps: Deps, stored: string[]): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = deps.clock.after(ERASE_MS, late.resolve);
  const erased = eraseOrLeave(deps, stored).then(() => {
    cancel();
    for (const blobId of stored) deps.receiving.delete(blobId);
  });
  await Promise.race([erased, late.promise]);
}

/** Says which image it was, where there may be several. An outage is no image's. */
function named(error: unknown, count: number, maxImages: number, index: number): unknown {
  const problem = asProblem(error);
  if (!problem || problem.status >= 500 || (maxImages === 1 && count === 1)) return error;
  return new HttpProblem(problem.status, `image ${index}: ${problem.message}`, problem.headers);
}

function noImage(maxImages: number, others: boolean): string {
  const wanted = maxImages === 1 ? "one image as input_image" : `1 to ${maxImages} images as input_images`;
  return `send ${wanted}${others ? "; the form has files only under other names" : ""}`;
}
