import { bytes, float, integer, text } from "./protobuf.ts";

/** Field numbers are those of onnx.proto (ModelProto, GraphProto, NodeProto, AttributeProto, TensorProto, ValueInfoProto). */
const IR_VERSION = 8;
const OPSET = 13;
const FLOAT = 1;
const INT64 = 7;

export type Attribute = { float: number } | { int: number } | { ints: number[] } | { string: string };

/** A dimension: a size, or a name where it is free. */
export type Dimension = number | string;

export function node(
  operator: string,
  inputs: string[],
  output: string,
  attributes: Record<string, Attribute> = {},
): Uint8Array {
  return Buffer.concat([
    ...inputs.map((input) => text(1, input)),
    text(2, output),
    text(4, operator),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
  ]);
}

function attribute(name: string, value: Attribute): Uint8Array {
  if ("float" in value) return Buffer.concat([text(1, name), float(2, value.float), integer(20, 1)]);
  if ("int" in value) return Buffer.concat([text(1, name), integer(3, value.int), integer(20, 2)]);
  if ("string" in value) return Buffer.concat([text(1, name), text(4, value.string), integer(20, 3)]);
  return Buffer.concat([text(1, name), ...value.ints.map((int) => integer(8, int)), integer(20, 7)]);
}

export function tensor(name: string, shape: number[], values: Float32Array | BigInt64Array): Uint8Array {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const type = values instanceof Float32Array ? FLOAT : INT64;
  return Buffer.concat([
    ...shape.map((size) => integer(1, size)),
    integer(2, type),
    text(8, name),
    bytes(9, raw),
  ]);
}

export function floatValue(name: string, shape: Dimension[]): Uint8Array {
  const dimensions = shape.map((size) =>
    bytes(1, typeof size === "number" ? integer(1, size) : text(2, size)),
  );
  const tensorType = Buffer.concat([integer(1, FLOAT), bytes(2, Buffer.concat(dimensions))]);
  return Buffer.concat([text(1, name), bytes(2, bytes(1, tensorType))]);
}

export interface Graph {
  name: string;
  nodes: Uint8Array[];
  initializers: Uint8Array[];
  inputs: Uint8Array[];
  outputs: Uint8Array[];
}

export function model(graph: Graph): Uint8Array {
  const body = Buffer.concat([
    ...graph.nodes.map((item) => bytes(1, item)),
    text(2, graph.name),
    ...graph.initializers.map((item) => bytes(5, item)),
    ...graph.inputs.map((item) => bytes(11, item)),
    ...graph.outputs.map((item) => bytes(12, item)),
  ]);
  return Buffer.concat([
    integer(1, IR_VERSION),
    text(2, "prosopon"),
    bytes(7, body),
    bytes(8, integer(2, OPSET)),
  ]);
}
