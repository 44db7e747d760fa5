import type { Clock } from "../../../clock.ts";
import { unknownId } from "../../../input/unknown-id.ts";
import type { Storage } from "../../../storage/types.ts";
import { json, noContent, type Handler } from "../../call.ts";
import { HttpProblem } from "../../problem.ts";
import type { Route } from "../../route.ts";
import { faceView } from "../../views.ts";

export function facesRoutes(storage: Storage, clock: Clock): Route[] {
  const get: Handler = async ({ accountId, params }) => {
    const face = await storage.faces.get(accountId, params["id"]!);
    if (!face) throw unknownId("face", params["id"]!);
    return json(faceView(face));
  };

  const getCrop: Handler = async ({ accountId, params }) => {
    const crop = await storage.faces.crop(accountId, params["id"]!);
    if (!crop) throw new HttpProblem(404, "no such face, or its account keeps no crops");
    return new Response(new Uint8Array(crop), {
      headers: { "content-type": "image/jpeg" },
    });
  };

  const remove: Handler = async ({ accountId, params }) => {
    const answer = await storage.faces.delete(accountId, params["id"]!, clock.now());
    if (answer === "missing") throw unknownId("face", params["id"]!);
    if (answer === "last")
      throw new HttpProblem(
        409,
        "it is the identity's only face: delete the identity, or add another face first",
      );
    return noContent();
  };

  return [
    ["GET", "/v1/faces/:id", "token", get],
    ["DELETE", "/v1/faces/:id", "token", remove],
    ["GET", "/v1/faces/:id/crop", "token", getCrop],
  ];
}
