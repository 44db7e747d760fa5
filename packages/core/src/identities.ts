import { Identity, IdentityList } from "./contract/identity.ts";
import type { Exchange } from "./http.ts";
import { imageForm, readImages, toImagePart } from "./images.ts";
import { query } from "./query.ts";
import type { Server } from "./server.ts";
import { startJob } from "./start-job.ts";
import type { Transport } from "./transport.ts";
import type { Identities, JobRef } from "./types.ts";

const IDENTITY = "/innovation-service/identity";
const MAX_IMAGES = 5;

export function createIdentities(transport: Transport, server: Server): Identities {
  const start = (
    kind: JobRef["kind"],
    method: "POST" | "PUT",
    path: string,
    body: () => FormData,
    signal: AbortSignal,
  ) => startJob(transport, kind, { method, path, body }, signal);

  return {
    create: (input, options) =>
      transport.call(options, async ({ signal }) => {
        const { externalId, metadata, collection } = input;
        const images = await readImages(input.images, { most: MAX_IMAGES }, signal);
        if (externalId === undefined && !metadata && collection === undefined)
          return start("enrol", "POST", IDENTITY, imageForm("input_images", images, {}), signal);
        await server.need("An external id, metadata or a collection");
        const fields = {
          external_id: externalId,
          metadata: metadata && JSON.stringify(metadata),
          collection,
        };
        return start("enrol", "POST", "/v1/identities", imageForm("input_images", images, fields), signal);
      }),

    addImages: (identityId, input, options) =>
      transport.call(options, async ({ signal }) => {
        const form = imageForm("input_images", await readImages(input.images, { most: MAX_IMAGES }, signal), {
          identity_id: checkId(identityId),
        });
        // The documented route knows people of `default` only.
        return (await server.info())
          ? start("add-images", "POST", "/v1/faces", form, signal)
          : start("add-images", "PUT", IDENTITY, form, signal);
      }),

    search: ({ image, maxResult, collection }, options) =>
      transport.call(options, async ({ signal }) => {
        if (collection !== undefined) await server.need("A collection");
        const form = imageForm("input_image", [await toImagePart(image, signal)], {
          max_result: maxResult,
          collection,
        });
        return start(
          "search",
          "POST",
          collection === undefined ? `${IDENTITY}/search` : "/v1/search",
          form,
          signal,
        );
      }),

    recognize: (identityId, { image }, options) =>
      transport.call(options, async ({ signal }) => {
        const form = imageForm("input_image", [await toImagePart(image, signal)], {
          identity_id: checkId(identityId),
        });
        return start(
          "recognize",
          "POST",
          (await server.info()) ? "/v1/recognize" : `${IDENTITY}/recognize`,
          form,
          signal,
        );
      }),

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
