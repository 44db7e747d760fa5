import type { Ask, Told } from "./apart.ts";
import { createEngine } from "../engine.ts";
import { pack } from "./protocol.ts";
import type { Engine } from "../types.ts";

/** The process for suspected images (apart.ts). It ends with the one that started it, which is also who ends it. */
if (process.send === undefined)
  throw new Error("apart-process.ts is the engine's process: use createEngine.");
const tell = (told: Told) => void process.send!(told);
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
// Sent to all processes of a terminal or a service: what is in work is finished or given back by the one that started it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

let engine: Engine;
process.on("message", (ask: Ask) => {
  if ("engine" in ask) {
    engine = createEngine(ask.engine);
    // Told only then: what fails before an image came is not the image's fault.
    void engine.warm().then(
      () => tell("proven"),
      () => process.exit(1),
    );
    return;
  }
  engine.analyse(ask.image, ask.options).then(
    (analysis) => tell({ id: ask.id, analysis }),
    (error: unknown) => tell({ id: ask.id, failure: pack(error) }),
  );
});
