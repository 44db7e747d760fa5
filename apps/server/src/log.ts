import { pino, type Logger } from "pino";

/** JSON lines on stderr, so that stdout stays free for answers. Written at once: a crash loses none. */
export function createLog(level: string): Logger {
  return pino({ level }, pino.destination({ fd: 2, sync: true }));
}
