import { floatValue } from "./onnx.ts";
import { bytes, fields, message } from "./protobuf.ts";

const GRAPH = 7;
const INITIALIZER = 5;
const INPUT = 11;
const OUTPUT = 12;

/**
 * Takes the initializers out of the list of graph inputs, where they keep the runtime from folding constants
 * (SFace: 24.9 -> 19.5 ms on one thread, same output), and frees the batch dimension of what remains.
 */
export function stripInputs(model: Uint8Array, shapes: Record<string, number[]>): Uint8Array {
  return Buffer.concat(
    [...fields(model)].map((field) =>
      field.number === GRAPH ? bytes(GRAPH, strip(message(field), shapes)) : field.raw,
    ),
  );
}

function strip(graph: Uint8Array, shapes: Record<string, number[]>): Uint8Array {
  const parts = [...fields(graph)];
  const initializers = new Set(
    parts.filter(({ number }) => number === INITIALIZER).map((field) => nameIn(message(field), 8)),
  );
  return Buffer.concat(
    parts.flatMap((field) => {
      if (field.number !== INPUT && field.number !== OUTPUT) return [field.raw];
      const name = nameIn(message(field), 1);
      if (field.number === INPUT && initializers.has(name)) return [];
      const shape = shapes[name];
      return [shape === undefined ? field.raw : bytes(field.number, floatValue(name, ["batch", ...shape]))];
    }),
  );
}

function nameIn(part: Uint8Array, number: number): string {
  const field = [...fields(part)].find((candidate) => candidate.number === number);
  if (field === undefined) throw new Error("A part of the ONNX graph has no name.");
  return new TextDecoder().decode(message(field));
}
