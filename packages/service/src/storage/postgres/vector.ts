/** What `vector_send` puts before the values: dimension and a reserved field, 16 bits each. */
const HEADER_BYTES = 4;

/** pgvector's text form; the shortest decimals that give the same float32 again. */
export function toVector(values: Float32Array): string {
  return `[${values.join(",")}]`;
}

/** Of `vector_send(embedding)`: float32, big-endian. */
export function fromSent(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset + HEADER_BYTES, bytes.byteLength - HEADER_BYTES);
  return Float32Array.from({ length: view.byteLength / 4 }, (_, index) => view.getFloat32(index * 4));
}
