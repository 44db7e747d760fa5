/**
 * Preloaded into every process that the chaos harness starts (`node --import`): descriptor 3 is a pipe whose other end
 * only the harness holds, so the pipe's end is the harness's death, however it died, and nothing is left running.
 */
import { Socket } from "node:net";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const parent = new Socket({ fd: 3 });
  parent.on("error", () => {}).on("close", () => process.kill(process.pid, "SIGKILL"));
  parent.resume().unref();
}
