import sharp, { type Sharp } from "sharp";

/** What somebody does to a portrait of 250 x 250 pixels before he sends it. */
export interface Condition {
  name: string;
  kind: "plain" | "turned" | "close" | "spoilt";
  make(file: string): Promise<Buffer>;
}

const jpeg = (image: Sharp, quality = 92): Promise<Buffer> => image.jpeg({ quality }).toBuffer();

const turned = (degrees: number): Condition => ({
  name: `turned by ${degrees}`,
  kind: "turned",
  make: (file) => jpeg(sharp(file).rotate(degrees, { background: "#777" })),
});

/** Around where LFW's faces are. */
const close = (side: number): Condition => ({
  name: `crop of ${side} px`,
  kind: "close",
  make: (file) =>
    jpeg(
      sharp(file).extract({
        left: Math.round(125 - side / 2),
        top: Math.round(127 - side / 2),
        width: side,
        height: side,
      }),
    ),
});

const spoilt = (name: string, make: (file: string) => Promise<Buffer>): Condition => ({
  name,
  kind: "spoilt",
  make,
});

const mosaic = (pixels: number): Condition =>
  spoilt(`mosaic of ${pixels} px`, async (file) =>
    jpeg(sharp(await sharp(file).resize(pixels).png().toBuffer()).resize(500, 500, { kernel: "nearest" })),
  );

const over = (name: string, shapes: string): Condition =>
  spoilt(name, (file) =>
    jpeg(sharp(file).composite([{ input: Buffer.from(`<svg width="250" height="250">${shapes}</svg>`) }])),
  );

/** The plain photo first. */
export const CONDITIONS: Condition[] = [
  { name: "plain", kind: "plain", make: (file) => jpeg(sharp(file)) },
  ...[30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330].map(turned),
  ...[150, 130, 112, 100, 92, 84].map(close),
  mosaic(30),
  mosaic(45),
  spoilt("JPEG of quality 3", (file) => jpeg(sharp(file), 3)),
  spoilt("JPEG of quality 8", (file) => jpeg(sharp(file), 8)),
  spoilt("blur of 3 px", (file) => jpeg(sharp(file).blur(3))),
  spoilt("blur of 8 px", (file) => jpeg(sharp(file).blur(8))),
  spoilt("burnt out", (file) => jpeg(sharp(file).linear(2.2, 60))),
  spoilt("dark", (file) => jpeg(sharp(file).linear(0.12, 0))),
  spoilt("half as wide", (file) => jpeg(sharp(file).resize(110, 250, { fit: "fill" }))),
  spoilt("half as high", (file) => jpeg(sharp(file).resize(250, 110, { fit: "fill" }))),
  over(
    "dark glasses",
    '<ellipse cx="104" cy="113" rx="22" ry="15"/><ellipse cx="147" cy="113" rx="22" ry="15"/><rect x="120" y="108" width="12" height="5"/>',
  ),
  over("mask", '<rect x="80" y="135" width="90" height="60" fill="#9bd"/>'),
  spoilt("one half", (file) => jpeg(sharp(file).extract({ left: 125, top: 0, width: 125, height: 250 }))),
  spoilt("lower half", (file) => jpeg(sharp(file).extract({ left: 0, top: 120, width: 250, height: 130 }))),
  spoilt("40 px wide", (file) => jpeg(sharp(file).resize(40))),
];
