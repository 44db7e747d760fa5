import { randomUUID } from "node:crypto";
import type { Upload } from "@prosopon/core/contract";
import { eraseOrLeave } from "../../../blobs/erase.ts";
import { checkLength, declaredLength, openBody } from "../../body.ts";
import { json, noContent, type Call, type Handler } from "../../call.ts";
import { eraseStored, receiveForm, storeImage } from "../../form.ts";
import { unknownId } from "../../../input/unknown-id.ts";
import { HttpProblem } from "../../problem.ts";
import type { ImageRef } from "../../../storage/types.ts";

/** An image sent once: as a form's `input_image`, or as the whole body. */
export const createUpload: Handler = async (call) => {
  const { deps, accountId, request } = call;
  const type = request.headers.get("content-type") ?? "application/octet-stream";
  const isForm = /^\s*multipart\//i.test(type);
  if (!isForm && !/^\s*(image\/|application\/octet-stream)/i.test(type)) {
    throw new HttpProblem(
      415,
      "send the image as multipart/form-data, or as the body with an image type or application/octet-stream",
    );
  }
  const arrival = await deps.quota.enter(accountId);
  try {
    const received = await (isForm ? fromForm : fromBody)({ ...call, arrival });
    return await keepUpload(call, received);
  } finally {
    arrival.leave();
  }
};

async function keepUpload({ deps, accountId }: Call, { image, keep, discard }: Received): Promise<Response> {
  const expiresAt = deps.clock.now() + deps.limits.uploadTtlMs;
  const id = randomUUID();
  try {
    await deps.storage.uploads.create({ id, accountId, image, expiresAt }, deps.limits);
  } catch (error) {
    await discard();
    throw error;
  }
  keep();
  const answer: Upload = { upload_id: id, size: image.size, expires_at: new Date(expiresAt).toISOString() };
  return json(answer, 201);
}

/** Erased when it answers, unless the store of images is away: then by the next sweep that finds it there. */
export const deleteUpload: Handler = async ({ deps, accountId, params }) => {
  const id = params["id"]!;
  const answer = await deps.storage.uploads.delete(accountId, id, deps.clock.now());
  if (answer.deleted) {
    await eraseOrLeave(deps, answer.blobIds);
    return noContent();
  }
  if (answer.reason === "unknown") throw unknownId("upload", id);
  throw new HttpProblem(
    409,
    "jobs that have not ended need this upload: wait for them, or cancel them (DELETE /v1/jobs/{id}), then delete it",
  );
};

interface Received {
  image: ImageRef;
  keep(): void;
  discard(): Promise<void>;
}

async function fromForm(call: Call): Promise<Received> {
  const { images, uploadIds, keep, discard } = await receiveForm(call, 1, []);
  if (uploadIds.length > 0) throw new HttpProblem(400, "the form names an upload: send an image");
  return { image: images[0]!, keep, discard };
}

async function fromBody(call: Call): Promise<Received> {
  const { deps, request } = call;
  checkLength(request, deps.limits.uploadBytes);
  await deps.space.admit(declaredLength(request));
  if (!request.body) throw new HttpProblem(400, "the body is empty: send an image");
  const body = openBody(request.body, deps.limits);
  async function* bytes() {
    for (;;) {
      const { done, value } = await body.read();
      if (done) return;
      yield value;
    }
  }
  const stored: string[] = [];
  try {
    const image = await storeImage(call, bytes(), request.signal, stored);
    return {
      image,
      keep: () => void deps.receiving.delete(image.blobId),
      discard: () => eraseStored(deps, stored),
    };
  } catch (error) {
    body.linger();
    throw error;
  }
}
