import { LISTED_SCORE, RECOGNIZED_SCORE, type ServerInfo } from "@prosopon/core/contract";
import type { Engine } from "@prosopon/engine";
import { json, type Handler } from "../../call.ts";
import { IMAGES_PER_JOB, type Limits } from "../../../limits.ts";
import { createScale } from "../../../matching/scale.ts";
import type { Route } from "../../route.ts";

/** What a client may look for instead of trying: each names a part of docs/protocol.md. */
const CAPABILITIES = [
  "v1",
  "events",
  "events.sse",
  "events.websocket",
  "wait",
  "start.wait",
  "retry",
  "cancel",
  "uploads",
  "metadata",
  "external-ids",
  "collections",
  "face-crops",
];

export interface ServerRouteTools {
  engine: Engine;
  version: string;
  limits: Limits;
}

export function serverRoutes({ engine, version, limits }: ServerRouteTools): Route[] {
  const get: Handler = () => {
    const { models, recogniser, bounds } = engine.info();
    const info: ServerInfo = {
      name: "prosopon",
      version,
      models,
      thresholds: { recognized: RECOGNIZED_SCORE, listed: LISTED_SCORE },
      calibration: [...createScale(recogniser.calibration).points],
      capabilities: CAPABILITIES,
      limits: {
        upload_bytes: limits.uploadBytes,
        image_pixels: bounds.maxPixels,
        images_per_job: IMAGES_PER_JOB,
      },
    };
    return json(info);
  };

  return [["GET", "/v1/server", "token", get]];
}
