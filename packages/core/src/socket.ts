import { JobEvent } from "./contract/event.ts";
import { ApiError, ConnectionError } from "./errors.ts";
import { createQueue } from "./queue.ts";
import type { JobChange } from "./types.ts";
import { parseAnswer } from "./validate.ts";

/** One connection to the account's changes; `next()` throws when it drops. */
export type EventStream = AsyncIterableIterator<JobChange, undefined>;

/** The socket went; `docs/protocol.md` lists the codes. */
export class SocketClosedError extends ConnectionError {
  readonly code: number;

  constructor(code: number) {
    super(`The event socket closed (${code}).`);
    this.code = code;
  }
}

/** Codes after which another try with the same first message fails again, as the HTTP status that says so. */
const REFUSALS: Record<number, [status: number, message: string]> = {
  4400: [400, "The event cursor is malformed."],
  4410: [
    410,
    "The event cursor is older than what the server keeps: watch without one, and ask for the jobs you wait for.",
  ],
};

/** Resolves once the socket is open; the token travels in the first message, as a URL ends up in logs. */
export function openSocket(
  Socket: typeof WebSocket,
  url: URL,
  token: string,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const address = new URL(url);
    address.protocol = url.protocol.replace("http", "ws");
    const socket = new Socket(address);
    const close = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.close();
    };
    const stream = createQueue<JobChange>(close);
    const fail = (error: Error): void => {
      close();
      reject(error);
      stream.end(error);
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) return onAbort();

    socket.onopen = () => {
      socket.send(JSON.stringify({ token, ...(cursor !== undefined && { cursor }) }));
      resolve(stream);
    };
    socket.onmessage = ({ data }) => {
      try {
        stream.push(readEvent(String(data)));
      } catch (error) {
        fail(error as Error);
      }
    };
    socket.onerror = () => undefined; // A close follows and says more.
    socket.onclose = ({ code }) => {
      const refusal = REFUSALS[code];
      fail(
        refusal
          ? new ApiError(refusal[0], { statusCode: refusal[0], message: refusal[1] })
          : new SocketClosedError(code),
      );
    };
  });
}

/** @throws ContractError */
export function readEvent(text: string): JobChange {
  const { job_id, status, cursor } = parseAnswer(JobEvent, text, "An event");
  return { id: job_id, status, cursor };
}
