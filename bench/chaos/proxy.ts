import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Proxy {
  url: string;
  close(): Promise<void>;
}

/** How long a new connection waits for a node that takes it. */
const PATIENCE_MS = 10_000;

/**
 * What stands before the API nodes: each connection goes to the next node in turn, or to another where that one does not
 * answer, and is cut when its node dies. It knows nothing of HTTP, so nothing that a node has begun is sent to another.
 */
export async function startProxy(nodes: () => string[]): Promise<Proxy> {
  const open = new Set<Socket>();
  let turn = 0;

  async function reach(): Promise<Socket | undefined> {
    const until = performance.now() + PATIENCE_MS;
    while (performance.now() < until) {
      const all = nodes();
      const first = turn++;
      for (let i = 0; i < all.length; i++) {
        const { hostname, port } = new URL(all[(first + i) % all.length]!);
        const socket = connect({ host: hostname, port: Number(port), noDelay: true });
        const reached = await new Promise<boolean>((resolve) =>
          socket.once("connect", () => resolve(true)).once("error", () => resolve(false)),
        );
        if (reached) return socket;
      }
      await sleep(50);
    }
    return undefined;
  }

  const server = createServer({ noDelay: true, pauseOnConnect: true }, (client) => {
    open.add(client);
    client.on("error", () => {}).on("close", () => open.delete(client));
    void reach().then((node) => {
      if (!node || client.destroyed) {
        node?.destroy();
        return client.destroy();
      }
      // A node that ends in order has its last bytes passed on by `pipe`; one that is killed resets the connection.
      node.on("error", () => client.destroy());
      client.on("close", () => node.destroy());
      node.pipe(client).pipe(node);
      client.resume();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
