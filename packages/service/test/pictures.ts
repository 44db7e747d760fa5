import sharp from "sharp";

/** A picture without a face: grey all over, as JPEG. */
export const grey = (width = 300, height = 200): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: "#888" } })
    .jpeg()
    .toBuffer();

/** A group photo: photos of one height beside each other. @param photos files, or their bytes */
export async function beside(...photos: (Buffer | string)[]): Promise<Buffer> {
  const height = 400;
  const portraits = await Promise.all(
    photos.map((one) => sharp(one).resize({ height }).toBuffer({ resolveWithObject: true })),
  );
  let width = 0;
  const composite = portraits.map(({ data, info }) => {
    const left = width;
    width += info.width;
    return { input: data, top: 0, left };
  });
  return sharp({ create: { width, height, channels: 3, background: "#777" } })
    .composite(composite)
    .jpeg({ quality: 92 })
    .toBuffer();
}
