import { node, tensor } from "./onnx.ts";
import { bytes, fields, message } from "./protobuf.ts";

const GRAPH = 7;
const NODE = 1;
const INITIALIZER = 5;

/**
 * Writes each PRelu as slope * x + (1 - slope) * relu(x), the products as 1 x 1 depthwise convolutions. The runtime's own
 * PRelu branches on every value, which costs most on real faces, and takes the network out of its blocked layout:
 * SFace 24.6 -> 14.0 ms and the mesh 3.0 -> 1.1 ms on one thread, with the same answers to six digits.
 */
export function unfoldPrelu(model: Uint8Array): Uint8Array {
  return Buffer.concat(
    [...fields(model)].map((field) =>
      field.number === GRAPH ? bytes(GRAPH, unfold(message(field))) : field.raw,
    ),
  );
}

function unfold(graph: Uint8Array): Uint8Array {
  const parts = [...fields(graph)];
  const weights = new Map(
    parts.filter(({ number }) => number === INITIALIZER).map((field) => readTensor(message(field))),
  );
  const slopes: Uint8Array[] = [];
  const rest = parts.flatMap((field) => {
    const prelu = field.number === NODE ? readPrelu(message(field)) : undefined;
    if (prelu === undefined) return [field.raw];
    const { input, slope, output } = prelu;
    const values = weights.get(slope);
    if (values === undefined) throw new Error(`The slopes of ${output} are not among the graph's constants.`);
    const channels = values.length;
    const [below, above] = [`${output}/below`, `${output}/above`];
    slopes.push(tensor(`${below}/slope`, [channels, 1, 1, 1], values));
    slopes.push(
      tensor(
        `${above}/slope`,
        [channels, 1, 1, 1],
        values.map((value) => 1 - value),
      ),
    );
    const each = { group: { int: channels }, kernel_shape: { ints: [1, 1] } };
    return [
      node("Relu", [input], `${output}/relu`),
      node("Conv", [input, `${below}/slope`], below, each),
      node("Conv", [`${output}/relu`, `${above}/slope`], above, each),
      node("Add", [below, above], output),
    ].map((item) => bytes(NODE, item));
  });
  return Buffer.concat([...rest, ...slopes.map((item) => bytes(INITIALIZER, item))]);
}

function readPrelu(item: Uint8Array): { input: string; slope: string; output: string } | undefined {
  const parts = [...fields(item)];
  const texts = (number: number): string[] =>
    parts.filter((field) => field.number === number).map((field) => new TextDecoder().decode(message(field)));
  const [input = "", slope = ""] = texts(1);
  const [output = ""] = texts(2);
  return texts(4)[0] === "PRelu" ? { input, slope, output } : undefined;
}

/** Values lie in `float_data` (4) or, as most writers do, in `raw_data` (9). */
function readTensor(item: Uint8Array): [name: string, values: Float32Array] {
  const parts = [...fields(item)];
  const name = parts.find(({ number }) => number === 8);
  const data = parts.find(({ number, value }) => (number === 4 || number === 9) && value !== undefined);
  const values = data === undefined ? new Uint8Array() : message(data);
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  return [
    name === undefined ? "" : new TextDecoder().decode(message(name)),
    Float32Array.from({ length: values.length >> 2 }, (_, index) => view.getFloat32(index * 4, true)),
  ];
}
