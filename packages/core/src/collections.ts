import { Collection, CollectionCalibration, CollectionList } from "./contract/collection.ts";
import type { Exchange } from "./http.ts";
import { query } from "./query.ts";
import type { Server } from "./server.ts";
import type { Transport } from "./transport.ts";
import type { CallOptions, Client } from "./types.ts";

export function createCollections(transport: Transport, server: Server): Client["collections"] {
  const call = <T>(options: CallOptions | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    transport.call(options, async ({ signal }) => {
      await server.need("A collection", "collections");
      return work(signal);
    });

  return {
    create: (input, options) =>
      call(options, (signal) =>
        transport.json(Collection, { method: "POST", path: "/v1/collections", json: input }, signal),
      ),
    get: (idOrName, options) =>
      call(options, (signal) => transport.json(Collection, one("GET", idOrName), signal)),
    calibration: (idOrName, options) =>
      call(options, (signal) =>
        transport.json(CollectionCalibration, one("GET", idOrName, "/calibration"), signal),
      ),
    list: (options = {}) =>
      call(options, async (signal) => {
        const { limit, cursor } = options;
        const path = `/v1/collections${query({ limit, cursor })}`;
        const page = await transport.json(CollectionList, { method: "GET", path }, signal);
        return { items: page.collections, ...(page.next_cursor && { nextCursor: page.next_cursor }) };
      }),
    update: (idOrName, patch, options) =>
      call(options, (signal) =>
        transport.json(Collection, { ...one("PATCH", idOrName), json: patch }, signal),
      ),
    delete: (idOrName, options) =>
      call(options, async (signal) => {
        await transport.send(one("DELETE", idOrName), signal);
      }),
  };
}

const one = (method: Exchange["method"], idOrName: string, part = ""): Exchange => ({
  method,
  path: `/v1/collections/${encodeURIComponent(idOrName)}${part}`,
});
