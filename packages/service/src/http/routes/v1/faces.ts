import { json, noContent, type Handler } from "../../call.ts";
import { unknownId } from "../../../input/unknown-id.ts";
import type { StorageError } from "../../../storage/types.ts";
import { HttpProblem } from "../../problem.ts";
import { faceView } from "../../views.ts";

const unknownFace = (id: string): StorageError => unknownId("face", id);

export const getFace: Handler = async ({ deps, accountId, params }) => {
  const face = await deps.storage.faces.get(accountId, params["id"]!);
  if (!face) throw unknownFace(params["id"]!);
  return json(faceView(face));
};

export const getCrop: Handler = async ({ deps, accountId, params }) => {
  const crop = await deps.storage.faces.crop(accountId, params["id"]!);
  if (!crop) throw new HttpProblem(404, "no such face, or its account keeps no crops");
  return new Response(new Uint8Array(crop), {
    headers: { "content-type": "image/jpeg" },
  });
};

export const deleteFace: Handler = async ({ deps, accountId, params }) => {
  const answer = await deps.storage.faces.delete(accountId, params["id"]!, deps.clock.now());
  if (answer === "missing") throw unknownFace(params["id"]!);
  if (answer === "last")
    throw new HttpProblem(
      409,
      "it is the identity's only face: delete the identity, or add another face first",
    );
  return noContent();
};
