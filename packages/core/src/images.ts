import type { ImageInput } from "./types.ts";

/** One image of a multipart body: bytes with a name, or the id of an earlier upload as text. */
export type ImagePart = { blob: Blob; name: string } | { uploadId: string };

const PNG_FIRST_BYTE = 0x89;

/**
 * A stream is read to its end first: a form takes Blobs, and a repeat after a 401 or 429 needs the bytes again.
 * A File, or a Blob from `imageFile(path)`, stays on disk and is read while it is sent.
 */
export async function toImagePart(image: ImageInput, signal: AbortSignal): Promise<ImagePart> {
  if (isUpload(image)) return image;
  const blob = await toBlob(image, signal);
  if (blob.size === 0) throw new TypeError("The image is empty (0 bytes).");
  if ("name" in blob && blob.type) return { blob, name: String(blob.name) };
  // Servers other than ours may go by the name and the declared type instead of the bytes.
  const first = new Uint8Array(await blob.slice(0, 1).arrayBuffer());
  const kind = first[0] === PNG_FIRST_BYTE ? "png" : "jpeg";
  return { blob: blob.slice(0, blob.size, `image/${kind}`), name: `image.${kind === "png" ? "png" : "jpg"}` };
}

/** @throws RangeError for fewer than `least`, or more than `most` */
export async function readImages(
  images: ImageInput[],
  { least = 1, most }: { least?: number; most: number },
  signal: AbortSignal,
): Promise<ImagePart[]> {
  if (images.length < least || images.length > most) {
    const count = least === most ? `${most} images` : `${least} to ${most} images`;
    throw new RangeError(
      `Give ${count}, not ${images.length}${most > 2 ? "; an identity gets further ones through addImages" : ""}.`,
    );
  }
  return Promise.all(images.map((image) => toImagePart(image, signal)));
}

/** Made anew for each try: a stream can be sent once. */
export function imageForm(
  field: string,
  images: ImagePart[],
  fields: Record<string, string | number | undefined>,
): () => FormData {
  return () => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) form.append(name, String(value));
    }
    for (const image of images) appendImage(form, field, image);
    return form;
  };
}

function appendImage(form: FormData, field: string, part: ImagePart): void {
  if ("uploadId" in part) form.append(field, part.uploadId);
  else form.append(field, part.blob, part.name);
}

function isUpload(image: ImageInput): image is { uploadId: string } {
  return typeof (image as { uploadId?: unknown } | null)?.uploadId === "string";
}

async function toBlob(image: Exclude<ImageInput, { uploadId: string }>, signal: AbortSignal): Promise<Blob> {
  if (image instanceof Blob) return image;
  if (image instanceof ReadableStream) {
    return new Response(image.pipeThrough(new TransformStream(), { signal })).blob();
  }
  if (image instanceof ArrayBuffer || ArrayBuffer.isView(image))
    return new Blob([image as Uint8Array<ArrayBuffer>]);
  throw new TypeError(
    "An image must be a Blob, File, Uint8Array, ArrayBuffer, ReadableStream of bytes or { uploadId }.",
  );
}
