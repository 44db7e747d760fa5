import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const CIPHER = "aes-256-gcm";
const TAG_BYTES = 16;
/** Each key enciphers one text, so the nonce may be constant. */
const NONCE = Buffer.alloc(12);

/** A picture is erased by erasing its key: large values leave copies all over PostgreSQL's files. */
export function sealCrop(crop: Uint8Array): { key: Uint8Array; sealed: Uint8Array } {
  const key = randomBytes(32);
  const cipher = createCipheriv(CIPHER, key, NONCE);
  return { key, sealed: Buffer.concat([cipher.update(crop), cipher.final(), cipher.getAuthTag()]) };
}

export function openCrop({ key, sealed }: { key: Uint8Array; sealed: Uint8Array }): Uint8Array {
  const decipher = createDecipheriv(CIPHER, key, NONCE);
  const end = sealed.length - TAG_BYTES;
  decipher.setAuthTag(sealed.subarray(end));
  return Uint8Array.from(Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]));
}
