import { floatValue, model, node, tensor, type Attribute } from "./onnx.ts";

interface TfNode {
  name: string;
  op: string;
  input?: string[];
  attr?: Record<string, { s?: string; list?: { i?: string[]; s?: string[] } }>;
}

interface TfWeight {
  name: string;
  shape: number[];
  dtype: "float32" | "int32";
  quantization?: { dtype: string };
}

/** The JSON half of a TensorFlow.js graph model. */
export interface TfGraphModel {
  modelTopology: { node: TfNode[] };
  weightsManifest: { weights: TfWeight[] }[];
}

export interface Transcoding {
  name: string;
  /** Input size, pixels: the graph takes `input`, batch x 3 x height x width. */
  height: number;
  width: number;
  /** Nodes to keep as outputs: our name, their name, values per image. */
  outputs: { name: string; from: string; values: number }[];
}

interface Weight {
  shape: number[];
  values: Float32Array;
}

/** Writes a convolutional TensorFlow.js graph (NHWC) as ONNX (NCHW); knows the operators that the face mesh uses. */
export function transcodeTfjs(source: TfGraphModel, binary: Uint8Array, target: Transcoding): Uint8Array {
  const weights = readWeights(source, binary);
  const byName = new Map(source.modelTopology.node.map((item) => [item.name, item]));
  const nodes: Uint8Array[] = [];
  const initializers = new Map<string, Uint8Array>();
  const done = new Set<string>();
  const sizes = new Map<string, number>();

  const weight = (name: string): Weight => {
    const found = weights.get(name);
    if (found === undefined) throw new Error(`The graph names a weight that its manifest lacks: ${name}`);
    return found;
  };
  const initializer = (name: string, shape: number[], values: Float32Array | BigInt64Array): string => {
    initializers.set(name, tensor(name, shape, values));
    return name;
  };
  const prelu = (input: string, slope: string, output: string): void => {
    const channels = weight(slope).values.length;
    nodes.push(node("PRelu", [input, initializer(slope, [channels, 1, 1], weight(slope).values)], output));
  };

  const visit = (name: string): string => {
    const item = byName.get(name);
    if (item === undefined) throw new Error(`The graph names a node that it lacks: ${name}`);
    if (item.op === "Placeholder") {
      sizes.set("input", target.height);
      return "input";
    }
    if (item.op === "Identity") return visit(inputOf(item, 0));
    if (done.has(name)) return name;
    done.add(name);
    const input = visit(inputOf(item, 0));
    const size = sizes.get(input) ?? 1;
    const stride = Number(item.attr?.["strides"]?.list?.i?.[1] ?? 1);
    sizes.set(name, Math.ceil(size / stride));

    switch (item.op) {
      case "_FusedConv2D":
      case "DepthwiseConv2dNative": {
        const depthwise = item.op === "DepthwiseConv2dNative";
        const kernelName = inputOf(item, 1);
        const { shape, values } = weight(kernelName);
        const [height = 1, width = 1, inputs = 1, outputs = 1] = shape;
        const kernel = initializer(
          kernelName,
          depthwise ? [inputs, 1, height, width] : [outputs, inputs, height, width],
          transpose(values, shape, depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1]),
        );
        const fused = (item.attr?.["fused_ops"]?.list?.s ?? []).map(decode64);
        const bias = fused.includes("BiasAdd") ? inputOf(item, 2) : undefined;
        const inner = fused.includes("Prelu") ? `${name}/convolved` : name;
        const same = decode64(item.attr?.["padding"]?.s ?? "") === "SAME";
        if (!same) sizes.set(name, Math.floor((size - height) / stride) + 1);
        const attributes: Record<string, Attribute> = {
          kernel_shape: { ints: [height, width] },
          strides: { ints: [stride, stride] },
          group: { int: depthwise ? inputs : 1 },
          // TensorFlow's SAME puts the odd pixel at the end: ONNX calls that SAME_UPPER.
          auto_pad: { string: same ? "SAME_UPPER" : "VALID" },
        };
        const biasInput =
          bias === undefined ? [] : [initializer(bias, [weight(bias).values.length], weight(bias).values)];
        nodes.push(node("Conv", [input, kernel, ...biasInput], inner, attributes));
        if (fused.includes("Prelu")) prelu(inner, inputOf(item, 3), name);
        break;
      }
      case "Prelu":
        prelu(input, inputOf(item, 1), name);
        break;
      case "AddV2":
        nodes.push(node("Add", [input, visit(inputOf(item, 1))], name));
        break;
      case "MaxPool":
        nodes.push(
          node("MaxPool", [input], name, {
            kernel_shape: { ints: [2, 2] },
            strides: { ints: [stride, stride] },
          }),
        );
        break;
      case "Pad": {
        const padding = weight(inputOf(item, 1)).values;
        const nchw = [0, 3, 1, 2];
        const amounts = [
          ...nchw.map((axis) => padding[axis * 2]),
          ...nchw.map((axis) => padding[axis * 2 + 1]),
        ];
        const pads = initializer(
          `${name}/pads`,
          [8],
          BigInt64Array.from(amounts.map((value) => BigInt(value ?? 0))),
        );
        nodes.push(node("Pad", [input, pads], name));
        break;
      }
      case "Reshape":
        // TensorFlow flattens height, width, channel in this order; with one pixel left the order is the same in both.
        if (size !== 1)
          nodes.push(node("Transpose", [input], `${name}/nhwc`, { perm: { ints: [0, 2, 3, 1] } }));
        nodes.push(node("Flatten", [size === 1 ? input : `${name}/nhwc`], name));
        break;
      case "Sigmoid":
        nodes.push(node("Sigmoid", [input], name));
        break;
      default:
        throw new Error(`The transcoder does not know the operator ${item.op}.`);
    }
    return name;
  };

  for (const output of target.outputs) nodes.push(node("Identity", [visit(output.from)], output.name));
  return model({
    name: target.name,
    nodes,
    initializers: [...initializers.values()],
    inputs: [floatValue("input", ["batch", 3, target.height, target.width])],
    outputs: target.outputs.map(({ name, values }) => floatValue(name, ["batch", values])),
  });
}

function readWeights(source: TfGraphModel, binary: Uint8Array): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  const view = new DataView(binary.buffer, binary.byteOffset, binary.byteLength);
  let at = 0;
  for (const { name, shape, dtype, quantization } of source.weightsManifest.flatMap(
    (group) => group.weights,
  )) {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    const half = quantization?.dtype === "float16";
    for (let index = 0; index < values.length; index++, at += half ? 2 : 4) {
      if (half) values[index] = view.getFloat16(at, true);
      else values[index] = dtype === "int32" ? view.getInt32(at, true) : view.getFloat32(at, true);
    }
    weights.set(name, { shape, values });
  }
  if (at !== binary.length)
    throw new Error(`The weights have ${binary.length} bytes; their manifest describes ${at}.`);
  return weights;
}

function transpose(values: Float32Array, shape: number[], order: number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const result = new Float32Array(values.length);
  const [a = 0, b = 0, c = 0, d = 0] = order;
  const size = (axis: number): number => shape[axis] ?? 1;
  const stride = (axis: number): number => strides[axis] ?? 1;
  let at = 0;
  for (let i = 0; i < size(a); i++)
    for (let j = 0; j < size(b); j++)
      for (let k = 0; k < size(c); k++)
        for (let l = 0; l < size(d); l++)
          result[at++] = values[i * stride(a) + j * stride(b) + k * stride(c) + l * stride(d)] ?? 0;
  return result;
}

function inputOf(item: TfNode, index: number): string {
  const name = item.input?.[index];
  if (name === undefined) throw new Error(`The node ${item.name} lacks its input ${index}.`);
  return name;
}

function decode64(value: string): string {
  return Buffer.from(value, "base64").toString("latin1");
}
