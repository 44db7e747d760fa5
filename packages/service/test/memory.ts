import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes of the heap that something still refers to. */
export async function heapInUse(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    collect();
    await sleep(10);
  }
  return process.memoryUsage().heapUsed;
}
