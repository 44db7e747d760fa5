import { ImageError } from "../errors.ts";
import type { Structure } from "../inspect/structure.ts";
import { unpack } from "../threads/protocol.ts";
import { startChild, type Child } from "./child.ts";
import type { Decoded } from "./decode.ts";
import type { DecodeRequest, Overrun } from "./messages.ts";

/** Decodes in a process of its own, one image at a time. */
export interface Decoder {
  /**
   * @param bytes granted for it
   * @throws ImageError for a broken image, and for one that overran its time or memory or broke the decoder
   * @throws Error when the process was ended from outside: the image may be tried again
   * @throws the signal's reason; the decode is ended then
   */
  decode(
    source: Uint8Array | string,
    structure: Structure,
    bytes: number,
    signal?: AbortSignal,
  ): Promise<Decoded>;
  /** Ends the process. */
  close(): void;
}

export function createDecoder(file: URL): Decoder {
  let child: Child | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function run(request: DecodeRequest, signal: AbortSignal | undefined): Promise<Decoded> {
    signal?.throwIfAborted();
    if (child?.gone !== undefined) child = undefined;
    const own = (child ??= startChild(file));
    const idle = own.busy();
    const given = giveUp(signal);
    try {
      const reply = await Promise.race([own.ask(request), given.up]);
      if ("overrun" in reply) throw costly(OVERRUNS[reply.overrun]);
      if ("failure" in reply) throw unpack(reply.failure);
      const { grown, pixels, ...decoded } = reply;
      const data = await Promise.race([own.pixels(3 * pixels.width * pixels.height), given.up]);
      if (grown) end(own);
      return { ...decoded, pixels: { ...pixels, data } };
    } catch (error) {
      // A broken image leaves the process whole; after anything else its state is not known.
      if (!(error instanceof ImageError && error.code === "undecodable")) end(own);
      throw error;
    } finally {
      given.forget();
      idle();
    }
  }

  function end(ended: Child): void {
    ended.end();
    if (child === ended) child = undefined;
  }

  return {
    decode(source, structure, bytes, signal) {
      const result = last.then(() => run({ source, structure, bytes }, signal));
      last = result.catch(() => {});
      return result;
    },
    close: () => child?.end(),
  };
}

const OVERRUNS: Record<Overrun, string> = {
  time: "takes too long to decode",
  memory: "takes more memory to decode than its size calls for",
  crash: "breaks the decoder",
};

const costly = (why: string) =>
  new ImageError("too-costly", `The image ${why}: save it again as an ordinary photo and resend it.`);

/** Rejects when the signal is aborted, until it is forgotten. */
function giveUp(signal: AbortSignal | undefined) {
  const { promise: up, reject } = Promise.withResolvers<never>();
  up.catch(() => {});
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  return { up, forget: () => signal?.removeEventListener("abort", abort) };
}
