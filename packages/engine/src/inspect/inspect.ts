import { ImageError, isImageError } from "../errors.ts";
import { walkJpeg } from "./jpeg.ts";
import { nameOf } from "./looks-like.ts";
import { walkPng } from "./png.ts";
import { cutOff } from "./refusals.ts";
import type { ImageBounds, Structure } from "./structure.ts";
import { startWalk, type Walker } from "./walk.ts";

const PNG_SIGNATURE = "\x89PNG\r\n\x1a\n";
/** Stray bytes may follow already. */
const JPEG_SIGNATURE = "\xff\xd8";
/** Enough to tell what a file is that is neither. */
const TELLING_BYTES = 1024;

/** Judges an encoded image from its structure while its bytes come; holds at most some MB, whatever the file's size. */
export interface Inspector {
  /** @throws ImageError as soon as the bytes show that the image is refused */
  push(bytes: Uint8Array): void;
  /** All bytes have come. @throws ImageError */
  end(): Structure;
  /** All that matters has been seen: what follows is not part of the picture. */
  readonly done: boolean;
}

/**
 * Decodes nothing. Refuses what is no JPEG or PNG, what is broken in its structure, and what would cost more than a photograph
 * to decode: too many pixels or scans, metadata that inflates, pictures that must be held whole and don't fit.
 */
export function createInspector(bounds: ImageBounds): Inspector {
  let start: Uint8Array = new Uint8Array();
  let walker: Walker<Structure> | undefined;
  let format: "JPEG" | "PNG" = "JPEG";

  function begin(last: boolean): void {
    const ascii = String.fromCharCode(...start.subarray(0, TELLING_BYTES));
    if (ascii.startsWith(JPEG_SIGNATURE)) walker = startWalk(walkJpeg(bounds));
    else if (ascii.startsWith(PNG_SIGNATURE)) {
      format = "PNG";
      walker = startWalk(walkPng(bounds));
    } else if (isBeginning(ascii)) {
      // Too short to tell yet, but a beginning of one of the two.
      if (last) throw cutOff(ascii.startsWith("\x89") ? "PNG" : "JPEG");
      return;
    } else if (start.length < TELLING_BYTES && !last) return;
    else throw unlike(ascii, start.subarray(0, TELLING_BYTES));
    walker.push(start);
    start = new Uint8Array();
  }

  return {
    push(bytes) {
      if (walker) return walker.push(bytes);
      start = start.length === 0 ? Uint8Array.from(bytes) : Buffer.concat([start, bytes]);
      begin(false);
    },
    end() {
      if (!walker && start.length === 0)
        throw new ImageError("empty", "The image has no bytes: send a JPEG or PNG file.");
      if (!walker) begin(true);
      return walker?.result ?? unended(walker!, format);
    },
    get done() {
      return walker?.done ?? false;
    },
  };
}

/** A JPEG that lacks only its end marker is whole; whether rows are missing too, decoding tells. */
function unended(walker: Walker<Structure>, format: "JPEG" | "PNG"): Structure {
  if (format === "PNG") throw cutOff(format);
  try {
    walker.push(END_OF_IMAGE);
  } catch (cause) {
    throw isImageError(cause) && cause.code === "undecodable" ? cutOff(format) : cause;
  }
  if (!walker.result) throw cutOff(format);
  return { ...walker.result, ended: false };
}

const END_OF_IMAGE = Uint8Array.of(0xff, 0xd9);

const isBeginning = (ascii: string): boolean =>
  PNG_SIGNATURE.startsWith(ascii) || JPEG_SIGNATURE.startsWith(ascii);

function unlike(ascii: string, bytes: Uint8Array): ImageError {
  const name = nameOf(ascii, bytes);
  const seen = name === undefined ? "The file is neither" : `The file looks like ${name}`;
  return new ImageError("unsupported", `${seen}: send a JPEG or PNG image.`);
}
