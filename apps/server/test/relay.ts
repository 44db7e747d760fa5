import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface Relay {
  port: number;
  /** Bytes are taken and go nowhere, as behind a network that drops them; connections too are only accepted. */
  silence(on: boolean): void;
  /** Connections are broken, and new ones too, as of a server that is down. */
  refuse(on: boolean): void;
  close(): void;
}

/** A way to the database that may fall silent without a word. */
export async function relayTo(port: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let silent = false;
  let refusing = false;
  const relay = createServer((socket) => {
    if (refusing) return void socket.destroy();
    const server = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [socket, server],
      [server, socket],
    ] as const) {
      sockets.add(from);
      from
        .on("data", (bytes) => silent || to.write(bytes))
        .on("error", () => {})
        .on("close", () => (sockets.delete(from), silent || to.destroy()));
    }
  }).listen(0, "127.0.0.1");
  await once(relay, "listening");
  return {
    port: (relay.address() as AddressInfo).port,
    silence(on) {
      silent = on;
      // What was swallowed is lost: those connections are of no use any more.
      if (!on) for (const socket of sockets) socket.destroy();
    },
    refuse(on) {
      refusing = on;
      if (on) for (const socket of sockets) socket.destroy();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      relay.close();
    },
  };
}
