import { defineConfig } from "tsdown";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    worker: "src/threads/worker.ts",
    "apart-process": "src/threads/apart-process.ts",
    decoder: "src/decoding/process.ts",
  },
  platform: "node",
  target: "es2023",
  fixedExtension: false,
  dts: true,
});
