export { ImageError, isImageError, type ImageErrorCode } from "./errors.ts";
export { isClear } from "./pipeline/clear.ts";
export { createEngine } from "./engine.ts";
export { imageBounds } from "./inspect/bounds.ts";
export { createInspector, type Inspector } from "./inspect/inspect.ts";
export type { ImageBounds, ImageHeader, Structure } from "./inspect/structure.ts";
export type {
  Analysis,
  AnalyseOptions,
  Box,
  Calibration,
  Embedding,
  Engine,
  EngineInfo,
  EngineModel,
  EngineOptions,
  Face,
  ImageSource,
  Landmarks,
  Point,
  Quality,
  RecogniserInfo,
  WarmReport,
} from "./types.ts";
