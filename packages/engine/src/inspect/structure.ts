/** What the header of an encoded image says; nothing has been decoded. */
export interface ImageHeader {
  format: "jpeg" | "png";
  /** As stored, before EXIF orientation, pixels. */
  width: number;
  height: number;
}

/** What the structure of a whole file says, besides its header. */
export interface Structure extends ImageHeader {
  /**
   * Bytes that decoding holds beside the picture it makes: for what cannot be decoded row by row, the whole of it. From how
   * libjpeg-turbo and libpng work: coefficients of 2 bytes a sample, or rows of an interlaced PNG as they are stored.
   */
  workBytes: number;
  /** Bytes of all samples as stored, uncompressed: what decoding has to go through. */
  rawBytes: number;
  /** Embedded colour profile, as stored (of a PNG: deflated). */
  profile?: Uint8Array;
  /** A JPEG that has its end marker; without it the last rows may be missing. */
  ended: boolean;
}

/** Pixels of 8-bit RGB with transparency, as many as a PNG may have; one of 16 bits may have half of them. */
export const MAX_RAW_BYTES = 4.2e8;

/** What may be decoded, before a byte of it is. */
export interface ImageBounds {
  /** Pixels of a JPEG, which is made smaller while it is decoded. */
  maxPixels: number;
  /** Pixels of a PNG, every one of which is decoded. */
  maxPngPixels: number;
  /** Bytes that decoding one image may take. */
  decodeMemory: number;
}
