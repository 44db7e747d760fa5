import { type GallerySearch, postgresSearchReport } from "@prosopon/service/postgres";
import { DEFAULT_COLLECTION } from "@prosopon/core/contract";
import { check, type Check } from "./check.ts";

/** Galleries that are listed one by one: the largest that a node's memory does not hold. */
const LISTED = 20;

const count = (value: number): string => value.toLocaleString("en");

/** How the galleries are searched by a node that holds so many faces in memory. Changes nothing. */
export async function checkSearch(url: string, galleryFaces: number): Promise<Check[]> {
  let galleries: GallerySearch[] = [];
  const summary = await check("search", "See the database.", async () => {
    galleries = await postgresSearchReport(url, { galleryFaces });
    const tier = (way: GallerySearch["way"], words: string) => {
      const its = galleries.filter((gallery) => gallery.way === way);
      return its.length === 0
        ? []
        : `${count(its.length)} ${words} (${count(its.reduce((sum, { faces }) => sum + faces, 0))} faces)`;
    };
    const tiers = [tier("memory", "from memory"), tier("scan", "by PostgreSQL")].flat();
    return {
      state: "ok",
      detail: tiers.length > 0 ? `galleries, all exactly: ${tiers.join(", ")}` : "no account yet",
    };
  });
  const large = galleries.filter(({ way }) => way === "scan").slice(0, LISTED);
  return [
    summary,
    ...large.map(({ name, collection, faces }): Check => ({
      name: `search in ${name}${collection === DEFAULT_COLLECTION ? "" : `, ${collection}`}`,
      state: "ok",
      detail: `${count(faces)} faces, scanned by PostgreSQL at about 0.2 ms for a thousand; nodes with --gallery-faces ${faces} or more (150 bytes each) answer from memory`,
    })),
  ];
}
