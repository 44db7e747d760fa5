import type { CalibrationPoint as Calibration, ModelInfo, ServerInfo } from "@prosopon/core/contract";
import { builder } from "../builder.ts";

const ModelRole = builder.enumType("ModelRole", {
  values: {
    DETECTION: { value: "detection" },
    LANDMARKS: { value: "landmarks" },
    EMBEDDING: { value: "embedding" },
  },
});

const Model = builder.objectRef<ModelInfo>("Model").implement({
  description: "A weight file in use.",
  fields: (t) => ({
    name: t.exposeString("name"),
    role: t.field({ type: ModelRole, resolve: (model) => model.role }),
    licence: t.exposeString("licence"),
    sha256: t.exposeString("sha256", { description: "Of the file that runs." }),
  }),
});

const CalibrationPoint = builder.objectRef<Calibration>("CalibrationPoint").implement({
  description: "What score a cosine gets, and how often a stranger reaches it.",
  fields: (t) => ({
    score: t.exposeFloat("score"),
    cosine: t.exposeFloat("cosine"),
    fmr: t.exposeFloat("fmr", {
      description: "Expected false-match rate of one comparison at this score, 0 to 1, as measured.",
    }),
  }),
});

const Thresholds = builder.objectRef<ServerInfo["thresholds"]>("Thresholds").implement({
  description: "Thresholds on the score scale.",
  fields: (t) => ({
    recognized: t.exposeFloat("recognized", { description: "Recognised from this score on." }),
    listed: t.exposeFloat("listed", { description: "Listed by a search above this." }),
  }),
});

const Limits = builder.objectRef<ServerInfo["limits"]>("ServerLimits").implement({
  fields: (t) => ({
    uploadBytes: t.float({
      description: "Bytes of one upload to the REST API.",
      resolve: (limits) => limits.upload_bytes,
    }),
    imagePixels: t.float({ description: "Pixels of one image.", resolve: (limits) => limits.image_pixels }),
    imagesPerJob: t.int({ resolve: (limits) => limits.images_per_job }),
  }),
});

export const Server = builder.objectRef<ServerInfo>("Server").implement({
  description: "The server behind the gateway, and what may be relied on.",
  fields: (t) => ({
    name: t.exposeString("name"),
    version: t.exposeString("version"),
    models: t.field({ type: [Model], resolve: (server) => server.models }),
    thresholds: t.field({ type: Thresholds, resolve: (server) => server.thresholds }),
    calibration: t.field({
      type: [CalibrationPoint],
      description: "By falling score; interpolate between the points.",
      resolve: (server) => server.calibration,
    }),
    capabilities: t.exposeStringList("capabilities"),
    limits: t.field({ type: Limits, resolve: (server) => server.limits }),
  }),
});
