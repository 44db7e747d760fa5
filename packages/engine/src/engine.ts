import type { Engine, EngineOptions } from "./types.ts";

export function createEngine(_options: EngineOptions = {}): Engine {
  throw new Error("being built");
}
