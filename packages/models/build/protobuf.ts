import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

export interface Field {
  number: number;
  /** Undefined for a number. */
  value: Uint8Array | undefined;
  /** Tag and value as they stood, for passing a field on unchanged. */
  raw: Uint8Array;
}

export function* fields(message: Uint8Array): Generator<Field> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wire] = reader.tag();
    let value: Uint8Array | undefined;
    if (wire === WireType.LengthDelimited) value = reader.bytes();
    else reader.skip(wire);
    yield { number, value, raw: message.subarray(start, reader.pos) };
  }
}

export function message({ number, value }: Field): Uint8Array {
  if (value === undefined) throw new Error(`Field ${number} of the ONNX file is not a message.`);
  return value;
}

export function integer(number: number, value: number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.Varint).int64(value).finish();
}

export function float(number: number, value: number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.Bit32).float(value).finish();
}

export function bytes(number: number, value: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(value).finish();
}

export function text(number: number, value: string): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).string(value).finish();
}
