import { Identity, IdentityList } from "./contract/identity.ts";
import type { Exchange } from "./http.ts";
import { imageForm, readImages } from "./images.ts";
import { query } from "./query.ts";
import type { Server } from "./server.ts";
import { startJob } from "./start-job.ts";
import type { Transport } from "./transport.ts";
import type { Identities, Starts } from "./types.ts";

const IDENTITY = "/innovation-service/identity";
const MAX_IMAGES = 5;

export function createIdentities(transport: Transport, server: Server, starts: Starts): Identities {
  return {
    create: (input, options) =>
      transport.call(options, async ({ signal }) => {
        const { externalId, metadata, collection } = input;
        const images = await readImages(input.images, { most: MAX_IMAGES }, signal);
        const own = externalId !== undefined || metadata || collection !== undefined;
        if (own) await server.need("An external id, metadata or a collection");
        const body = imageForm("input_images", images, {
          external_id: externalId,
          metadata: metadata && JSON.stringify(metadata),
          collection,
        });
        const path = own ? "/v1/identities" : IDENTITY;
        return startJob(transport, "enrol", { method: "POST", path, body }, signal);
      }),

    addImages: (identityId, input, options) =>
      transport.call(options, async ({ signal }) => {
        const images = await readImages(input.images, { most: MAX_IMAGES }, signal);
        const body = imageForm("input_images", images, { identity_id: checkId(identityId) });
        // The documented route knows people of `default` only.
        const at = (await server.info())
          ? ({ method: "POST", path: "/v1/faces" } as const)
          : ({ method: "PUT", path: IDENTITY } as const);
        return startJob(transport, "add-images", { ...at, body }, signal);
      }),

    search: starts.search,

    recognize: async (identityId, { image }, options) =>
      starts.recognize({ identityId: checkId(identityId), image }, options),

    delete: (identityIds, options) =>
      transport.call(options, async ({ signal }) => {
        const identity_id = [identityIds].flat().map(checkId);
        if (identity_id.length === 0) throw new RangeError("Name at least one identity to delete.");
        const path = (await server.info()) ? "/v1/identities" : IDENTITY;
        await transport.send({ method: "DELETE", path, json: { identity_id } }, signal);
      }),

    get: (identityId, options) =>
      transport.call(options, async ({ signal }) => {
        await server.need("Reading an identity");
        return transport.json(Identity, one("GET", identityId), signal);
      }),

    list: (options = {}) =>
      transport.call(options, async ({ signal }) => {
        await server.need("Listing identities");
        const { limit, cursor, externalId, metadata, text, ids, collection } = options;
        const byMetadata = Object.entries(metadata ?? {}).map(
          ([key, value]) => [`metadata[${key}]`, value] as const,
        );
        const path = `/v1/identities${query({ limit, cursor, external_id: externalId, text, collection, ids: ids?.join(","), ...Object.fromEntries(byMetadata) })}`;
        const page = await transport.json(IdentityList, { method: "GET", path }, signal);
        return { items: page.identities, ...(page.next_cursor && { nextCursor: page.next_cursor }) };
      }),

    update: (identityId, patch, options) =>
      transport.call(options, async ({ signal }) => {
        await server.need("Changing an identity");
        return transport.json(Identity, { ...one("PATCH", identityId), json: patch }, signal);
      }),
  };
}

function one(method: Exchange["method"], identityId: string): Exchange {
  return { method, path: `/v1/identities/${encodeURIComponent(checkId(identityId))}` };
}

function checkId(id: string): string {
  if (typeof id !== "string" || !id) throw new TypeError("An identity id must be a non-empty string.");
  return id;
}
