export { ImageError, isImageError, type ImageErrorCode } from "./errors.ts";
export { createEngine } from "./engine.ts";
export { inspectHeader } from "./header.ts";
export type {
  Analysis,
  AnalyseOptions,
  Box,
  Engine,
  EngineInfo,
  EngineModel,
  EngineOptions,
  Face,
  ImageHeader,
  ImageSource,
  Landmarks,
  Point,
  Quality,
  WarmReport,
} from "./types.ts";
