/** A thread of an engine on a machine of its own: `PRETEND_MS` is what a photo takes, in four stages. */
import { parentPort } from "node:worker_threads";
import { serve } from "../../packages/engine/src/threads/serve.ts";
import { randomValues } from "../lib/embedding.ts";
import { pretendedAnalysis } from "../lib/pretended.ts";

const STAGES = 4;
const ms = Number(process.env.PRETEND_MS);
const asleep = new Int32Array(new SharedArrayBuffer(4));

serve(parentPort!, async (_, turn) => {
  for (let stage = 0; stage < STAGES; stage++) {
    await turn.wait();
    // Has the thread, as a run of a model does, and not the processor.
    Atomics.wait(asleep, 0, 0, ms / STAGES);
  }
  // Many equal faces would all be candidates of a search.
  return pretendedAnalysis(randomValues());
});
