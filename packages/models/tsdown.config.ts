import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts"],
  platform: "node",
  target: "es2023",
  fixedExtension: false,
  dts: true,
});
