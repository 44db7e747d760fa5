import { createEngine } from "@prosopon/engine";

const engine = createEngine();
const { width, height, faces } = await engine.analyse({ path: "visitor.jpg" }, { embed: "all" });
console.log(`${width} x ${height} pixels, faces: ${faces.length}`);
for (const { box, quality, embedding } of faces)
  console.log(box, quality.score, embedding?.recogniser, embedding?.values.length);
await engine.close();
