import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts"],
  format: "esm",
  platform: "node",
  target: "es2024",
  fixedExtension: false,
  // The sources alone: with the tests in it, declarations would be written beside what they import.
  tsconfig: "tsconfig.build.json",
  dts: true,
});
