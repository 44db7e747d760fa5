/** The few lines of protocol buffers that an ONNX file needs; deterministic, so a result can be pinned by its hash. */

export interface Field {
  number: number;
  wire: number;
  /** A number for varints, the raw bytes for everything else. */
  value: number | Uint8Array;
  /** Tag and value as they stood, for passing a field on unchanged. */
  raw: Uint8Array;
}

const FIXED_SIZES: Record<number, number> = { 1: 8, 5: 4 };

export function* fields(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new Error("The protobuf message ends inside a field.");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const start = at;
    const tag = varint();
    const wire = tag & 7;
    let value: number | Uint8Array;
    if (wire === 0) value = varint();
    else {
      const length = wire === 2 ? varint() : FIXED_SIZES[wire];
      if (length === undefined) throw new Error(`Protobuf wire type ${wire} is not used by ONNX.`);
      value = message.subarray(at, at + length);
      at += length;
    }
    yield { number: Math.floor(tag / 8), wire, value, raw: message.subarray(start, at) };
  }
}

export function varint(value: number): Uint8Array {
  // Negative int64 takes ten bytes in two's complement.
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

export function integer(number: number, value: number): Uint8Array {
  return concat([varint(number * 8), varint(value)]);
}

export function float(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat([varint(number * 8 + 5), bytes]);
}

export function bytes(number: number, value: Uint8Array): Uint8Array {
  return concat([varint(number * 8 + 2), varint(value.length), value]);
}

export function text(number: number, value: string): Uint8Array {
  return bytes(number, new TextEncoder().encode(value));
}

export function concat(parts: Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
