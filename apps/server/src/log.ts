import { pino, type Logger } from "pino";

/** JSON lines on stderr, so that stdout stays free for answers. Written at once: a crash loses none. */
export function createLog(level: string): Logger {
  const stderr = pino.destination({ fd: 2, sync: true });
  // Where its file is on a full disk, or whoever read it has gone: a line that cannot be written is no reason to end.
  stderr.on("error", () => {});
  return pino({ level }, stderr);
}
