import type { Readable } from "node:stream";
import { Busboy } from "@fastify/busboy";
import { createBreakable } from "../../breakable.ts";
import type { Limits } from "../../limits.ts";
import type { Space } from "../../space.ts";
import { checkLength, declaredLength, openBody, tooLarge } from "../body.ts";
import { asProblem, HttpProblem } from "../problem.ts";
import { isListKey } from "../query.ts";
import { type PartTools, type ReceivedPart, receiveImage } from "./image-part.ts";
import type { Received } from "./received.ts";

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

/** What a form should bring. */
export interface ExpectedForm {
  /** At most so many. */
  images: number;
  /** Names of its texts. */
  fields: readonly string[];
  /** False: its images need not be durable before `flush`. Default true. */
  durable?: boolean;
}

/** What a form is received with. */
export interface FormTools extends PartTools {
  space: Space;
  limits: Limits;
}

const isImageField = (name: string | undefined): boolean =>
  name !== undefined && (isListKey(name, "input_images") || isListKey(name, "input_image"));

/**
 * Streams a form's images into the blob store, at most so many, and keeps its texts. On any fault the rest of the body is
 * thrown away in the background, what was stored is erased, and the answer goes out at once.
 */
export async function receiveForm(
  request: Request,
  { images: maxImages, fields }: ExpectedForm,
  tools: FormTools,
): Promise<Received> {
  const { intake, space, limits } = tools;
  const type = request.headers.get("content-type") ?? "";
  if (!/^\s*multipart\/form-data\b/i.test(type))
    throw new HttpProblem(415, "send the images as multipart/form-data");
  const maxBytes = maxImages * limits.uploadBytes + FORM_OVERHEAD_BYTES;
  checkLength(request, maxBytes);
  await space.admit(declaredLength(request));

  const texts = new Map<string, string>();
  const slots: Promise<ReceivedPart>[] = [];
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
    const slot = receiveImage(tools, stream, fileName, abort.signal).catch((error: unknown) => {
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

  // Only now: reading it is what lets a caller that said `Expect: 100-continue` begin to send.
  if (!request.body) throw new HttpProblem(400, "the form has no body");
  const body = openBody(request.body, limits);
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
      flush: intake.flush,
      discard: intake.discard,
      keep: intake.keep,
    };
  } catch (error) {
    abort.abort(error);
    for (const stream of streams) stream.destroy();
    body.linger();
    await Promise.allSettled(slots);
    await intake.discard();
    throw error;
  }
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
