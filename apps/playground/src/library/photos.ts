import { useCallback, useEffect, useRef, useState } from "react";

export interface Photo {
  id: string;
  file: File;
  /** For `img`; lives as long as the photo is in the list. */
  url: string;
}

let made = 0;

/** The photos that a person has chosen, at most `limit`; what cannot be read is said in `problem`. */
export function usePhotos(limit: number) {
  const [photos, setPhotos] = useState<Photo[]>([]);
  const [problem, setProblem] = useState<string>();
  const urls = useRef(new Set<string>());
  useEffect(() => {
    const all = urls.current;
    return () => all.forEach((url) => URL.revokeObjectURL(url));
  }, []);

  const add = useCallback(
    async (files: readonly File[]) => {
      setProblem(undefined);
      const read = await Promise.all(files.map((file) => asSent(file).catch(() => undefined)));
      const good = read.filter((file) => file !== undefined);
      const unread = files.filter((_, index) => read[index] === undefined).map(({ name }) => name);
      if (unread.length > 0)
        setProblem(`${unread.join(", ")} cannot be read as a picture. Use a JPEG or PNG.`);
      else if (limit > 1 && photos.length + good.length > limit)
        setProblem(`At most ${limit} photos at a time: the first ${limit} were kept.`);
      const more = good.map((file) => {
        const url = URL.createObjectURL(file);
        urls.current.add(url);
        return { id: `photo-${(made += 1)}`, file, url };
      });
      setPhotos((was) =>
        limit === 1 && more.length > 0 ? more.slice(0, 1) : [...was, ...more].slice(0, limit),
      );
    },
    [limit, photos.length],
  );
  const remove = useCallback((id: string) => setPhotos((was) => was.filter((photo) => photo.id !== id)), []);
  const clear = useCallback(() => {
    setPhotos([]);
    setProblem(undefined);
  }, []);
  return { photos, add, remove, clear, problem };
}

/** JPEG and PNG as they are; whatever else the browser can show becomes a JPEG, which is what the server takes. */
async function asSent(file: File): Promise<File> {
  if (file.type === "image/jpeg" || file.type === "image/png") return file;
  const bitmap = await createImageBitmap(file);
  const jpeg = await jpegOf(bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  return new File([jpeg], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
}

export async function jpegOf(source: CanvasImageSource, width: number, height: number): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.drawImage(source, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("The browser could not create a JPEG."))),
      "image/jpeg",
      0.94,
    );
  });
}
