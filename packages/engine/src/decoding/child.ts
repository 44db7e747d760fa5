import { fork } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { bareEnvironment } from "../environment.ts";
import { ALIVE_MS, SILENT_TIMES } from "./limits.ts";
import { type Alive, PIXELS_FD, type DecodeReply, type DecodeRequest } from "./messages.ts";

/** A decoder process, as its engine thread has it. */
export interface Child {
  /** Keeps its user's event loop alive until the returned function is called; idle, it does not. */
  busy(): () => void;
  ask(request: DecodeRequest): Promise<DecodeReply>;
  /** The next so many bytes that it has decoded. */
  pixels(length: number): Promise<Uint8Array>;
  /** Kills it. */
  end(): void;
  /** Why it ended; undefined while it lives. */
  readonly gone: Error | undefined;
}

/** What native code dies of by its own fault. */
const FAULTS: (NodeJS.Signals | null)[] = ["SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGTRAP"];

export function startChild(file: URL): Child {
  const child = fork(fileURLToPath(file), {
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "pipe", "ipc"],
    env: {
      ...bareEnvironment(),
      // Each arena of the allocator keeps what was freed in it, and one image at a time needs few.
      MALLOC_ARENA_MAX: "2",
    },
  });
  const pipe = child.stdio[PIXELS_FD] as Socket;
  const { promise: ended, reject } = Promise.withResolvers<never>();
  ended.catch(() => {});
  let gone: Error | undefined;
  let chunks: Buffer[] = [];
  let have = 0;
  let onMore = () => {};

  const leave = (reason: Error) => {
    gone ??= reason;
    reject(gone);
  };
  child.once("error", (cause) => leave(new Error("The decoder process could not be started.", { cause })));
  child.once("exit", (_code, signal) =>
    leave(FAULTS.includes(signal) ? new DecoderFault() : new DecoderGone()),
  );
  pipe.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    have += chunk.length;
    onMore();
  });
  pipe.on("error", () => {}); // `exit` follows
  const idle = () => {
    child.unref();
    child.channel?.unref();
    pipe.unref();
  };
  idle();

  return {
    busy() {
      child.ref();
      child.channel?.ref();
      pipe.ref();
      return idle;
    },
    async ask(request) {
      const { promise, resolve } = Promise.withResolvers<DecodeReply>();
      let silent = 0;
      const hear = (message: unknown) => {
        silent = 0;
        const said = message as DecodeReply | Alive;
        if (!("alive" in said)) resolve(said);
      };
      const listening = setInterval(() => {
        if (++silent > SILENT_TIMES) resolve({ overrun: "time" });
      }, ALIVE_MS);
      child.on("message", hear);
      child.send(request, (error) => error && leave(new DecoderGone({ cause: error })));
      try {
        return await Promise.race([promise, ended]);
      } catch (error) {
        if (error instanceof DecoderFault) return { overrun: "crash" };
        throw error;
      } finally {
        clearInterval(listening);
        child.off("message", hear);
      }
    },
    async pixels(length) {
      const { promise, resolve } = Promise.withResolvers<void>();
      onMore = () => have >= length && resolve();
      onMore();
      await Promise.race([promise, ended]);
      const all = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      chunks = [];
      have = 0;
      return new Uint8Array(all.buffer, all.byteOffset, length);
    },
    end() {
      leave(new DecoderGone());
      child.kill("SIGKILL");
    },
    get gone() {
      return gone;
    },
  };
}

class DecoderFault extends Error {}

/** Ended from outside, as by a system that is out of memory: that says little about the image. */
class DecoderGone extends Error {
  constructor(options?: ErrorOptions) {
    super(
      "The process that decoded this image ended before it was done; the image may be tried again.",
      options,
    );
  }
}
