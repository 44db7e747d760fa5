import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts"],
  platform: "neutral",
  target: "es2022",
  fixedExtension: false,
  // The sources alone: with the tests in it, declarations would be written beside what they import.
  tsconfig: "tsconfig.build.json",
  dts: true,
});
