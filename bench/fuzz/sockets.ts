import { connect } from "node:net";
import fc from "fast-check";
import { MARK } from "./requests.ts";

/** What is sent over one WebSocket. */
export interface Frames {
  target: string;
  protocol: string;
  /** Whether a good `connection_init` goes first. */
  init: boolean;
  frames: Buffer[];
}

const message = fc
  .record({
    type: fc.constantFrom(
      "connection_init",
      "subscribe",
      "subscribe",
      "complete",
      "ping",
      "pong",
      "next",
      "error",
      "connection_ack",
      MARK,
    ),
    id: fc.constantFrom("1", "2", "", MARK, undefined),
    payload: fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(
        { query: 'subscription { jobUpdated(id: "job_x") { status } }' },
        { query: "query { viewer { __typename } }" },
        { query: "{", variables: MARK },
        { query: `{ ${"a ".repeat(3_000)} }` },
      ),
    ),
  })
  .map((value) => Buffer.from(JSON.stringify(value)));

const frame = fc
  .record({
    final: fc.boolean(),
    reserved: fc.constantFrom(0, 0, 0, 0, 0x10, 0x40),
    opcode: fc.constantFrom(1, 1, 1, 1, 1, 0, 2, 3, 8, 9, 10, 15),
    masked: fc.constantFrom(true, true, true, true, true, false),
    /** Says another length than it has. */
    length: fc.constantFrom(undefined, undefined, undefined, undefined, 0, 5, 2 ** 20, 2 ** 40),
    data: fc.oneof(
      { weight: 4, arbitrary: message },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    ),
  })
  .map((parts) => bytesOf(parts));

interface Parts {
  final: boolean;
  reserved: number;
  opcode: number;
  masked: boolean;
  length?: number | undefined;
  data: Buffer;
}

function bytesOf({ final, reserved, opcode, masked, length, data }: Parts): Buffer {
  const size = length ?? data.length;
  const mask = masked ? 0x80 : 0;
  const head = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10);
  head[0] = (final || opcode === 1 ? 0x80 : 0) | reserved | opcode;
  if (size < 126) head[1] = mask | size;
  else if (size < 65_536) {
    head[1] = mask | 126;
    head.writeUInt16BE(size, 2);
  } else {
    head[1] = mask | 127;
    head.writeBigUInt64BE(BigInt(size), 2);
  }
  // A mask of zeros leaves the data as it is.
  return Buffer.concat([head, masked ? Buffer.alloc(4) : Buffer.alloc(0), data]);
}

/** Frames of GraphQL over WebSocket and of others, right and wrong, to both of the server's targets. */
export const frames: fc.Arbitrary<Frames> = fc.record({
  target: fc.constantFrom("/graphql", "/graphql", "/v1/events"),
  protocol: fc.constantFrom("graphql-transport-ws", "graphql-transport-ws", "graphql-ws", "x"),
  init: fc.boolean(),
  frames: fc.array(frame, { minLength: 1, maxLength: 6 }),
});

/** All that came back until the server closed, or said nothing for a while. Begins with the answer to the upgrade. */
export function sendFrames(
  url: string,
  token: string,
  { target, protocol, init, frames: all }: Frames,
): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(
    `GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  );
  return new Promise((resolve) => {
    let answer = "";
    const patience = setTimeout(() => socket.destroy(), 60);
    socket.on("data", (data) => {
      if (answer === "") for (const one of init ? [hello(token), ...all] : all) socket.write(one);
      answer += data.toString("latin1");
      patience.refresh();
    });
    socket.once("close", () => {
      clearTimeout(patience);
      resolve(answer);
    });
    socket.on("error", () => {});
  });
}

const hello = (token: string): Buffer =>
  bytesOf({
    final: true,
    reserved: 0,
    opcode: 1,
    masked: true,
    data: Buffer.from(JSON.stringify({ type: "connection_init", payload: { token } })),
  });
