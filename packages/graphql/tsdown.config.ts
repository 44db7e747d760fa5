import { defineConfig } from "tsdown";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    node: "src/adapters/node.ts",
    bun: "src/adapters/bun.ts",
    deno: "src/adapters/deno.ts",
  },
  format: "esm",
  platform: "neutral",
  target: "es2024",
  fixedExtension: false,
  // The sources alone: with the tests in it, declarations would be written beside what they import.
  tsconfig: "tsconfig.build.json",
  dts: true,
});
