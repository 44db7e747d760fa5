import { cpSync, existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { defineConfig } from "tsdown";

const require = createRequire(import.meta.url);
const playground = join(dirname(require.resolve("@prosopon/playground/package.json")), "dist");

export default defineConfig({
  entry: ["src/cli.ts"],
  platform: "node",
  target: "node22.13",
  fixedExtension: false,
  dts: false,
  hooks: {
    /** The page travels inside this package, so that a published install serves it too. */
    "build:done": () => {
      rmSync("dist/playground", { recursive: true, force: true });
      if (existsSync(playground)) cpSync(playground, "dist/playground", { recursive: true });
    },
  },
});
