import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/contract.ts", "src/file.ts"],
  platform: "neutral",
  target: "es2022",
  fixedExtension: false,
  dts: true,
  // The one entry that is for runtimes with a file system.
  deps: { neverBundle: ["node:fs"] },
});
