import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Graph } from "../pipeline/models.ts";
import { assertTelemetryOff } from "../telemetry.ts";

/** Runs a graph on one image; values come back by the graph's output names. */
export type Run = (input: Float32Array) => Promise<Record<string, Float32Array>>;

/**
 * Threads are the workers, one a session: two pools of spinning threads were slower than one (63 against 48 ms an image
 * on two cores), and an arena would keep the largest image's buffers for ever.
 */
const OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  executionMode: "sequential",
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  graphOptimizationLevel: "all",
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: "0" } } },
};

/** @throws Error when the file is missing or is not the one whose hash is recorded, or the library would report its usage; the message names the fix. */
export async function openSession({ model, input, shape }: Graph): Promise<Run> {
  const weights = await readFile(model.file).catch((cause: unknown) => {
    throw new Error(`The weights of ${model.name} are missing: run \`pnpm build\` to lay them down.`, {
      cause,
    });
  });
  const sha256 = createHash("sha256").update(weights).digest("hex");
  if (sha256 !== model.sha256) {
    throw new Error(
      `The weights of ${model.name} are not the ones recorded (SHA-256 ${sha256}, expected ${model.sha256}): run \`pnpm build\` to lay them down again.`,
    );
  }
  assertTelemetryOff();
  const session = await InferenceSession.create(weights, OPTIONS);
  return async (values) => {
    const outputs = await session.run({ [input]: new Tensor("float32", values, [1, ...shape]) });
    const result: Record<string, Float32Array> = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      if (!(tensor.data instanceof Float32Array))
        throw new Error(`${model.name} answered ${tensor.type} for ${name}.`);
      result[name] = tensor.data;
    }
    return result;
  };
}
