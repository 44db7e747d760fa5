import { Face } from "./contract/face.ts";
import { Upload } from "./contract/identity.ts";
import { readBody } from "./http.ts";
import { imageForm, toImagePart } from "./images.ts";
import type { Server } from "./server.ts";
import type { Transport } from "./transport.ts";
import type { Client } from "./types.ts";

export function createFaces(transport: Transport, server: Server): Client["faces"] {
  const path = (faceId: string): string => `/v1/faces/${encodeURIComponent(faceId)}`;
  return {
    get: (faceId, options) =>
      transport.call(options, async ({ signal }) => {
        await server.need("Reading a face");
        return transport.json(Face, { method: "GET", path: path(faceId) }, signal);
      }),
    crop: (faceId, options) =>
      transport.call(options, async ({ signal }) => {
        await server.need("A face crop");
        const response = await transport.send(
          { method: "GET", path: `${path(faceId)}/crop`, headers: { accept: "image/jpeg" } },
          signal,
        );
        return readBody(() => response.blob(), signal);
      }),
    delete: (faceId, options) =>
      transport.call(options, async ({ signal }) => {
        await server.need("Deleting a face");
        await transport.send({ method: "DELETE", path: path(faceId) }, signal);
      }),
  };
}

export function createUploads(transport: Transport, server: Server): Client["uploads"] {
  return {
    create: (image, options) =>
      transport.call(options, async ({ signal }) => {
        await server.need("An upload");
        const body = imageForm("input_image", [await toImagePart(image, signal)], {});
        const upload = await transport.json(Upload, { method: "POST", path: "/v1/uploads", body }, signal);
        return { uploadId: upload.upload_id, size: upload.size, expiresAt: upload.expires_at };
      }),
    delete: (uploadId, options) =>
      transport.call(options, async ({ signal }) => {
        await server.need("Deleting an upload", "cancel");
        await transport.send(
          { method: "DELETE", path: `/v1/uploads/${encodeURIComponent(uploadId)}` },
          signal,
        );
      }),
  };
}
