import { randomUUID } from "node:crypto";
import type { Upload } from "@prosopon/core/contract";
import type { EraseImages } from "../../../blobs/erase.ts";
import type { Clock } from "../../../clock.ts";
import { unknownId } from "../../../input/unknown-id.ts";
import type { Quota } from "../../../jobs/quota.ts";
import type { Limits } from "../../../limits.ts";
import type { Storage } from "../../../storage/types.ts";
import { json, noContent, type Handler } from "../../call.ts";
import { HttpProblem } from "../../problem.ts";
import type { Received } from "../../receiving/received.ts";
import type { Receiver } from "../../receiving/receiver.ts";
import type { Route } from "../../route.ts";

/** What uploads are received, kept and erased with. */
export interface UploadsRouteTools {
  storage: Storage;
  quota: Quota;
  receiver: Receiver;
  eraseImages: EraseImages;
  limits: Limits;
  clock: Clock;
}

export function uploadsRoutes({
  storage,
  quota,
  receiver,
  eraseImages,
  limits,
  clock,
}: UploadsRouteTools): Route[] {
  /** An image sent once: as a form's `input_image`, or as the whole body. */
  const create: Handler = async (call) => {
    const type = call.request.headers.get("content-type") ?? "application/octet-stream";
    const isForm = /^\s*multipart\//i.test(type);
    if (!isForm && !/^\s*(image\/|application\/octet-stream)/i.test(type)) {
      throw new HttpProblem(
        415,
        "send the image as multipart/form-data, or as the body with an image type or application/octet-stream",
      );
    }
    const arrival = await quota.enter(call.accountId);
    try {
      const received = await (isForm
        ? receiver.form(call, arrival, { images: 1, fields: [] })
        : receiver.body(call, arrival));
      if (received.uploadIds.length > 0)
        throw new HttpProblem(400, "the form names an upload: send an image");
      return await keep(call.accountId, received);
    } finally {
      arrival.leave();
    }
  };

  async function keep(accountId: string, received: Received): Promise<Response> {
    const expiresAt = clock.now() + limits.uploadTtlMs;
    const id = randomUUID();
    const image = received.images[0]!;
    try {
      await storage.uploads.create({ id, accountId, image, expiresAt }, limits);
    } catch (error) {
      await received.discard();
      throw error;
    }
    received.keep();
    const answer: Upload = {
      upload_id: id,
      size: image.size,
      expires_at: new Date(expiresAt).toISOString(),
    };
    return json(answer, 201);
  }

  /** Erased when it answers, unless the store of images is away: then by the next sweep that finds it there. */
  const remove: Handler = async ({ accountId, params }) => {
    const id = params["id"]!;
    const answer = await storage.uploads.delete(accountId, id, clock.now());
    if (answer.deleted) {
      await eraseImages(answer.blobIds);
      return noContent();
    }
    if (answer.reason === "unknown") throw unknownId("upload", id);
    throw new HttpProblem(
      409,
      "jobs that have not ended need this upload: wait for them, or cancel them (DELETE /v1/jobs/{id}), then delete it",
    );
  };

  return [
    ["POST", "/v1/uploads", "token", create],
    ["DELETE", "/v1/uploads/:id", "token", remove],
  ];
}
