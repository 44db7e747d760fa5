/** Writes who may import whom, as the linter enforces it, into docs/architecture.md. With `--check` it only compares. */
import { importTable, layers } from "../oxlint.config.ts";
import { markdown, writeBetween } from "./between.ts";

const inCode = (names: string[], none: string): string =>
  names.map((name) => `\`${name}\``).join(", ") || none;

writeBetween("docs/architecture.md", {
  imports: markdown(
    Object.entries(importTable).map(([folder, allowed]) => ({
      folder: `\`${folder}\``,
      "may import": inCode(allowed, "nothing"),
    })),
  ),
  layers: markdown(
    Object.entries(layers)
      .toReversed()
      .map(([layer, below]) => ({ layer: `\`${layer}/\``, "may import": inCode(below, "no other layer") })),
  ),
});
