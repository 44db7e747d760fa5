import type { Failure } from "../threads/protocol.ts";
import type { Structure } from "../inspect/structure.ts";

/** To a decoder process. */
export interface DecodeRequest {
  source: Uint8Array | string;
  structure: Structure;
  /** Bytes granted. */
  bytes: number;
}

/** What a decode is ended for; `crash` is told by the process's end. */
export type Overrun = "time" | "memory" | "crash";

/** From it. The pixels come on a pipe of their own, before or after this. */
export type DecodeReply =
  | {
      width: number;
      height: number;
      scale: number;
      pixels: { width: number; height: number };
      /** The process has grown and is to be replaced. */
      grown: boolean;
    }
  | { failure: Failure }
  | { overrun: Overrun };

/** From it, now and then: it looks at the decode, which may go on. */
export interface Alive {
  alive: true;
}

/** File descriptor of the pixels' pipe, in both processes. */
export const PIXELS_FD = 3;
