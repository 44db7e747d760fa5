/** A process for suspected images without an engine: its images' names say what becomes of it. Told with each: its id, and how many it had before. */
import type { Ask, Told } from "../src/threads/apart.ts";

const tell = (told: Told) => void process.send!(told);
process.once("disconnect", () => process.exit());
let had = 0;
process.on("message", (ask: Ask) => {
  if ("engine" in ask) {
    if (ask.engine.maxPixels === 0) process.exit(1);
    return tell("proven");
  }
  const { path } = ask.image as { path: string };
  if (path === "exit") process.exit(7);
  if (path.startsWith("SIG")) process.kill(process.pid, path);
  else if (path === "fine") tell({ id: ask.id, analysis: { width: process.pid, height: had++, faces: [] } });
});
