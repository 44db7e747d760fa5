import { defineConfig } from "tsdown";

export default defineConfig({
  // Each driver and the glue of a Node server have an entry of their own: who imports the first one loads none of them.
  entry: ["src/index.ts", "src/sqlite.ts", "src/postgres.ts", "src/s3.ts", "src/transfer.ts", "src/node.ts"],
  format: "esm",
  platform: "node",
  target: "es2024",
  fixedExtension: false,
  // The sources alone: with the tests in it, declarations would be written beside what they import.
  tsconfig: "tsconfig.build.json",
  dts: true,
});
