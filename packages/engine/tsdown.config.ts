import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/worker.ts", "src/apart-process.ts"],
  platform: "node",
  target: "es2023",
  fixedExtension: false,
  dts: true,
});
